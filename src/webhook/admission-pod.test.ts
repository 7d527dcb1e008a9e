import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admissionPodSchema, readAdmissionPod } from './admission-pod.ts';

const odd = fc.constantFrom(undefined, null, 1, true, 'text', [], ['a'], {}, { a: 'b' }, { a: 1 }, { a: {} });
/** Mostly right, sometimes odd. */
const mostly = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { arbitrary: right as fc.Arbitrary<unknown>, weight: 15 },
    { arbitrary: odd as fc.Arbitrary<unknown>, weight: 1 },
  );
const texts = mostly(fc.dictionary(fc.string(), fc.string()));
const word = mostly(fc.option(fc.string(), { nil: undefined }));
const quantities = mostly(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer())));
const container = mostly(
  fc.record(
    {
      name: fc.string(),
      resources: mostly(fc.record({ limits: quantities, requests: quantities }, { requiredKeys: [] })),
    },
    { requiredKeys: [] },
  ),
);
const containers = mostly(fc.array(container, { minLength: 1, maxLength: 3 }));
const metadata = fc.record(
  { name: word, generateName: word, labels: texts, annotations: texts, uid: fc.string() },
  { requiredKeys: [] },
);
const spec = fc.record(
  {
    hostNetwork: mostly(fc.boolean()),
    serviceAccountName: word,
    nodeSelector: texts,
    affinity: fc.constantFrom(undefined, undefined, null, { nodeAffinity: null }, 1),
    containers,
    initContainers: containers,
  },
  { requiredKeys: ['containers'] },
);
const pods = fc.record({ metadata: mostly(metadata), spec: mostly(spec) }, { requiredKeys: ['metadata', 'spec'] });

/** Of a container only its quantities count: the schema hands it on as it is, too. */
const plain = (pod: unknown): unknown => JSON.parse(JSON.stringify(pod));

describe('a Pod as admission reads it', () => {
  it('is what the schema makes of it, whatever was sent, also where it is not taken apart', () => {
    let usual = 0;
    fc.assert(
      fc.property(fc.oneof(pods, odd), (object) => {
        const expected = admissionPodSchema.safeParse(object);
        const read = readAdmissionPod(object);
        expect(read.ok).toBe(expected.success);
        if (!read.ok || !expected.success) return;
        usual += 1;
        expect(plain({ ...read.pod, spec: { affinity: null, ...read.pod.spec } })).toEqual(
          plain({ ...expected.data, spec: { ...expected.data.spec, affinity: expected.data.spec.affinity ?? null } }),
        );
      }),
      { numRuns: 3000 },
    );
    expect(usual).toBeGreaterThan(300);
  });
  it('that cannot be read is refused with the path and what is expected there', () => {
    expect(readAdmissionPod({ metadata: {}, spec: { containers: [{ resources: { limits: 'x' } }] } })).toEqual({
      ok: false,
      problem: expect.stringMatching(/^spec\.containers\.0: expected a container/),
    });
    expect(readAdmissionPod({ metadata: { labels: { a: 1 } }, spec: { containers: [{}] } })).toMatchObject({
      problem: expect.stringMatching(/^metadata\.labels: /),
    });
  });
});
