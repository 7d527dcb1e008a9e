import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admissionReviewSchema, readReview } from './admission-review.ts';

const odd = fc.constantFrom<unknown>(undefined, null, 1, true, '', 'text', [], {}, { username: 1 });
const mostly = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: right as fc.Arbitrary<unknown>, weight: 12 }, { arbitrary: odd, weight: 1 });
const reviews = fc.record({
  apiVersion: mostly(fc.constant('admission.k8s.io/v1')),
  kind: mostly(fc.constant('AdmissionReview')),
  request: mostly(
    fc.record({
      uid: mostly(fc.string({ minLength: 1 })),
      operation: mostly(fc.constantFrom('CREATE', 'UPDATE', 'DELETE', 'CONNECT')),
      namespace: mostly(fc.string()),
      name: mostly(fc.string()),
      userInfo: mostly(fc.record({ username: mostly(fc.string()), groups: fc.constant([]) })),
      dryRun: mostly(fc.boolean()),
      object: fc.anything(),
      oldObject: fc.anything(),
    }),
  ),
});

describe('an AdmissionReview', () => {
  it('is taken exactly when the schema takes it, and what is read of it is the same', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(reviews, odd), (body) => {
        const expected = admissionReviewSchema.safeParse(body);
        const read = readReview(body);
        expect(typeof read === 'string').toBe(!expected.success);
        if (typeof read === 'string' || !expected.success) return;
        taken += 1;
        const { request } = expected.data;
        expect({ ...read, userInfo: read.userInfo?.username }).toMatchObject({
          ...request,
          userInfo: request.userInfo?.username,
        });
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(100);
  });
  it('that is none is refused with what is expected', () => {
    expect(readReview({ apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview' })).toContain(
      'expected admission.k8s.io/v1',
    );
  });
});
