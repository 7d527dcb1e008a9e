// One thing that keeps something documented from working, as data: what it is called, what is wrong, what to do.

export interface Finding {
  /** CamelCase, so that it can be the reason of a condition or an Event. */
  readonly code: string;
  /** One sentence, naming where: an object, a node, a group, a key. */
  readonly message: string;
  /** What would be right, as something to do. */
  readonly cure: string;
}

/** For conditions and Events. */
export const findingText = ({ message, cure }: Finding): string => `${message}; ${cure}`;
