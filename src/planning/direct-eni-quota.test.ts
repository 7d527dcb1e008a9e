import { describe, expect, it } from 'vitest';
import { planDirectEniQuota } from './direct-eni-quota.ts';

const limits = (extendEniQuantity: number) => ({ extendEniQuantity });

describe('planDirectEniQuota', () => {
  it.each([
    ['four cores of the documented table', { limits: limits(20), maxAttach: undefined }, 19, '20 extended ENIs'],
    ['a cap lowers it', { limits: limits(20), maxAttach: '3' }, 3, 'annotation direct-eni-max-attach'],
    ['a cap above it changes nothing', { limits: limits(20), maxAttach: '60' }, 19, '20 extended ENIs'],
    [
      'a cap that is no number is named',
      { limits: limits(20), maxAttach: 'all' },
      19,
      '"all"; expected a whole number',
    ],
    ['a cap above every limit is named', { limits: limits(20), maxAttach: '65' }, 19, '"65"; expected a whole number'],
    ['an account that is not listed', { limits: limits(0), maxAttach: undefined }, 0, 'must be listed'],
    ["one extended ENI is nobody's", { limits: limits(1), maxAttach: undefined }, 0, 'must be listed'],
    ['limits that the cloud does not tell', { limits: 'unavailable' as const, maxAttach: undefined }, 0, 'not tell'],
    ['limits that are not known yet', { limits: undefined, maxAttach: undefined }, 0, 'not told'],
  ])('%s', (_, input, quota, words) => {
    const planned = planDirectEniQuota(input);
    expect(planned.quota).toBe(quota);
    expect(planned.reason).toContain(words);
    expect(planned.reason).toContain('none is offered, since this version has no data path');
  });
});
