// Which form an Accept header asks for.
import { describe, expect, it } from 'vitest';
import { StatusError } from '../status.ts';
import type { Abilities, Form } from './negotiation.ts';
import { negotiate } from './negotiation.ts';

const all: Abilities = { conversions: true, stream: false };
const formOf = (accept: string, abilities = all): Form =>
  negotiate({ headers: { accept } }, new URLSearchParams(), abilities);

describe('negotiation', () => {
  it('passes over protobuf to what is written', () => {
    expect(formOf('application/vnd.kubernetes.protobuf,application/json').media).toBe('json');
    expect(formOf('application/vnd.kubernetes.protobuf;q=1,application/yaml;q=0.1').media).toBe('yaml');
    expect(() => formOf('application/vnd.kubernetes.protobuf')).toThrow(StatusError);
  });

  it('takes the first conversion that can be made, as kubectl names them', () => {
    const kubectl =
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
    expect(formOf(kubectl)).toMatchObject({ convert: 'Table', metaVersion: 'v1' });
    expect(formOf(kubectl, { conversions: false, stream: false }).convert).toBeUndefined();
    expect(formOf('application/json;as=Other;v=v1;g=meta.k8s.io,application/json').convert).toBeUndefined();
  });

  it('has no YAML stream', () => {
    const stream = { conversions: true, stream: true };
    expect(formOf('application/json;stream=watch', stream).media).toBe('json');
    expect(() => formOf('application/yaml', stream)).toThrow('application/json;stream=watch');
  });
});
