// What Kubernetes writes although nobody set it.
import { describe, expect, it } from 'vitest';
import { builtInTypes, typeOf } from '../builtin/schemas.ts';
import { completeBuiltIn, emptyBuiltIn } from './always-written.ts';

const types = builtInTypes();

describe('objects of built-in kinds', () => {
  it('have their structs and required fields even when nothing is set', () => {
    expect(emptyBuiltIn(typeOf(types, 'Deployment'))).toEqual({
      metadata: { creationTimestamp: null },
      spec: {
        selector: null,
        strategy: {},
        template: { metadata: { creationTimestamp: null }, spec: { containers: null } },
      },
      status: {},
    });
  });

  it('are completed inside lists, and keep what is set', () => {
    const pod = {
      metadata: {},
      spec: { containers: [{ name: 'a' }, { name: 'b', resources: { limits: { cpu: '1' } } }] },
    };
    completeBuiltIn(pod, typeOf(types, 'Pod'));
    expect(pod.spec.containers).toEqual([
      { name: 'a', resources: {} },
      { name: 'b', resources: { limits: { cpu: '1' } } },
    ]);
  });

  it('are complete after one round', () => {
    const once = emptyBuiltIn(typeOf(types, 'Service'));
    const twice = structuredClone(once);
    completeBuiltIn(twice, typeOf(types, 'Service'));
    expect(twice).toEqual(once);
  });
});
