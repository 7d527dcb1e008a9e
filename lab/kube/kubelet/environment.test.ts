// Environment variables of containers: where they come from, in which order, and how `$(NAME)` is expanded.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { containerEnvironment, expandVariables } from './environment.ts';
import type { ReferencedData } from './environment.ts';
import type { LabContainer } from './pod-view.ts';
import { testContainer, testPod } from './testing/pods.ts';

const data: ReferencedData = {
  configMap: (name) => (name === 'settings' ? { MODE: 'slow', LEVEL: '3' } : undefined),
  secret: (name) => (name === 'keys' ? { token: 's3cret' } : undefined),
};

const environment = (container: Partial<LabContainer>, base: Record<string, string> = {}): Record<string, string> =>
  containerEnvironment({
    pod: testPod({ nodeName: 'node-a' }),
    container: testContainer(container),
    place: { hostIp: '10.0.1.2', podIps: ['10.0.32.5'] },
    data,
    base,
  });

describe('containerEnvironment', () => {
  it('takes base, then envFrom, then env; later ones win', () => {
    const env = environment(
      { envFrom: [{ configMapRef: { name: 'settings' } }], env: [{ name: 'LEVEL', value: '9' }] },
      { MODE: 'base', HOME: '/' },
    );
    expect(env).toEqual({ MODE: 'slow', LEVEL: '9', HOME: '/' });
  });

  it('reads fields of the Pod, its node and its addresses', () => {
    const field = (fieldPath: string) => ({ name: fieldPath, valueFrom: { fieldRef: { fieldPath } } });
    expect(
      environment({ env: ['metadata.name', 'spec.nodeName', 'status.hostIP', 'status.podIP'].map(field) }),
    ).toEqual({
      'metadata.name': 'p',
      'spec.nodeName': 'node-a',
      'status.hostIP': '10.0.1.2',
      'status.podIP': '10.0.32.5',
    });
  });

  it('lets a variable refer to those before it, and leaves later ones as written', () => {
    const env = environment({
      env: [
        { name: 'A', value: 'x' },
        { name: 'B', value: '$(A)-$(C)' },
        { name: 'C', value: 'y' },
      ],
    });
    expect(env['B']).toBe('x-$(C)');
  });

  it('names the Secret and key that do not exist, unless they are optional', () => {
    const variable = (optional: boolean) => ({
      env: [{ name: 'K', valueFrom: { secretKeyRef: { name: 'keys', key: 'none', optional } } }],
    });
    expect(() => environment(variable(false))).toThrow("couldn't find key none in Secret ns/keys");
    expect(environment(variable(true))).toEqual({});
  });

  it('refuses sources that the lab lacks instead of leaving the variable out', () => {
    expect(() => environment({ env: [{ name: 'M', valueFrom: {} }] })).toThrow('env M: valueFrom is empty');
  });
});

describe('expandVariables', () => {
  it('keeps $$(NAME) as the text $(NAME), and unknown names as written', () => {
    expect(expandVariables('$(A) $$(A) $(B) $A $', { A: '1' })).toBe('1 $(A) $(B) $A $');
  });

  it('never changes text without a dollar sign', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('$')),
        (text) => {
          expect(expandVariables(text, { a: 'b' })).toBe(text);
        },
      ),
    );
  });

  it('puts in any value as it is, however many dollar signs it has', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(expandVariables('<$(NAME)>', { NAME: value })).toBe(`<${value}>`);
      }),
    );
  });
});
