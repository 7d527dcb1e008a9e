// JSON that an action has written itself, for answers so long that making objects of them first would cost more than all the rest.

/** One value of an answer as the text it has on the wire. The text must be JSON; nothing checks it again. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** For whoever makes JSON of an answer by other means. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** The bytes' text of an answer: as JSON.stringify gives it, with lists of `JsonText` taken as they are. */
export function answerText(answer: object): string {
  let text = '';
  for (const [key, value] of Object.entries(answer)) {
    const part = isTextList(value) ? listText(value) : JSON.stringify(value);
    if (part !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${part}`;
  }
  return `{${text}}`;
}

// A list is of texts throughout or not at all.
const isTextList = (value: unknown): value is readonly JsonText[] =>
  Array.isArray(value) && value[0] instanceof JsonText;

function listText(list: readonly JsonText[]): string {
  let text = '';
  for (const item of list) text += text === '' ? item.text : `,${item.text}`;
  return `[${text}]`;
}
