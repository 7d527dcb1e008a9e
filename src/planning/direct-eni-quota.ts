// How many Pods with an exclusive ENI the instance of a node could have, why it is that many, and why none is offered (facts/tke.md 6.3, 12.1). Pure.

export interface DirectEniInput {
  /** DescribeNetworkInterfaceLimit; `unavailable` once the call has failed, absent while it has not been made. */
  readonly limits: { readonly extendEniQuantity: number } | 'unavailable' | undefined;
  /** Annotation `direct-eni-max-attach` of the nec, as it is written there. */
  readonly maxAttach: string | undefined;
}

export interface DirectEniQuota {
  /** Shown and never offered: nodes publish `tke.cloud.tencent.com/direct-eni` as 0 (ADR 0025). */
  readonly quota: number;
  readonly reason: string;
}

/** Most that the annotation may say. */
const MOST_ENIS = 64;

const NOT_OFFERED = 'none is offered, since this version has no data path for them';

/**
 * Extended ENIs of the instance, less one; shared and trunk ENIs take none of them (facts/tke.md 12.1: "a separate, extended ENI quota, also minus
 * one"). A cap that cannot be read is named, and counts as absent: nothing stands on this number.
 */
export function planDirectEniQuota({ limits, maxAttach }: DirectEniInput): DirectEniQuota {
  const say = (quota: number, why: string): DirectEniQuota => ({ quota, reason: `${why}; ${NOT_OFFERED}` });
  if (limits === undefined) return say(0, 'the cloud has not told the limits of the instance yet');
  if (limits === 'unavailable') return say(0, 'the cloud does not tell the limits of the instance');
  const { extendEniQuantity } = limits;
  if (extendEniQuantity <= 1)
    return say(0, 'the cloud gives this instance no extended ENIs: account and model must be listed for them');
  const most = extendEniQuantity - 1;
  const why = `${extendEniQuantity} extended ENIs of the model, less one`;
  if (maxAttach === undefined) return say(most, why);
  const text = maxAttach.trim();
  const cap = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (!(cap <= MOST_ENIS))
    return say(
      most,
      `${why} (annotation direct-eni-max-attach is ${JSON.stringify(maxAttach.slice(0, 40))}; expected a whole number from 0 to ${MOST_ENIS})`,
    );
  return cap < most ? say(cap, 'annotation direct-eni-max-attach') : say(most, why);
}
