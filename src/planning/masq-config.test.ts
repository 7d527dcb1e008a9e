import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMasqConfig, defaultMasqConfig, isEverMasqueraded } from './masq-config.ts';
import { isMasqueraded } from './testing/masq-reading.ts';
import type { MasqConfig } from './masq-config.ts';

const config = (text: string): MasqConfig => {
  const read = decodeMasqConfig(text);
  if (read.kind === 'invalid') throw new Error(read.errors.join('; '));
  return read.config;
};
const errors = (text: string): readonly string[] => {
  const read = decodeMasqConfig(text);
  return read.kind === 'invalid' ? read.errors : [];
};

// Document 004's own line.
const SAMPLE =
  '{"NonMasqueradeCIDRs":["172.16.0.0/16","10.67.0.0/16"],"NonMasqueradeSrcCIDRs":["172.16.0.2/32"],"MasqLinkLocal":true,"ResyncInterval":"1m0s","MasqLinkLocalIPv6":false}';

describe('the configuration of ip-masq-agent', () => {
  it('is read as document 004 writes it', () => {
    expect(config(SAMPLE)).toEqual({
      nonMasqueradeCIDRs: ['172.16.0.0/16', '10.67.0.0/16'],
      nonMasqueradeSrcCIDRs: ['172.16.0.2/32'],
      nonMasqueradeEIPPods: false,
      nonMasqueradeStrictPods: false,
      masqLinkLocal: true,
      masqLinkLocalIPv6: false,
      resyncIntervalMs: 60_000,
    });
  });
  it('is the same as YAML and in lower camel case', () => {
    const yaml =
      'nonMasqueradeCIDRs:\n- 172.16.0.0/16\n- 10.67.0.0/16\nnonMasqueradeSrcCIDRs: [172.16.0.2/32]\nmasqLinkLocal: true\nresyncInterval: 1m0s\n';
    expect(config(yaml)).toEqual(config(SAMPLE));
  });
  it('has upstream defaults for what is not written', () => {
    expect(config('')).toEqual(defaultMasqConfig);
    expect(config('{"ResyncInterval":"5s"}')).toEqual({ ...defaultMasqConfig, resyncIntervalMs: 5_000 });
    expect(config('masqLinkLocal: true').nonMasqueradeCIDRs).toEqual(defaultMasqConfig.nonMasqueradeCIDRs);
    expect(config('{"NonMasqueradeCIDRs":null}')).toEqual(defaultMasqConfig);
  });
  it('takes an empty list of destinations as none', () => {
    expect(config('{"NonMasqueradeCIDRs":[]}').nonMasqueradeCIDRs).toEqual([]);
  });
  it.each([
    ['10.0.0.1/8', 'CIDR "10.0.0.1/8" is not aligned to a CIDR block, ip: "10.0.0.1" network: "10.0.0.0/8"'],
    ['10.0.0.0', 'CIDR "10.0.0.0" could not be parsed, invalid CIDR address: 10.0.0.0'],
    ['10.0.0.256/32', 'CIDR "10.0.0.256/32" could not be parsed, invalid CIDR address: 10.0.0.256/32'],
    ['abc', 'CIDR "abc" could not be parsed, invalid CIDR address: abc'],
    ['10.0.0.0/33', 'CIDR "10.0.0.0/33" could not be parsed, invalid CIDR address: 10.0.0.0/33'],
  ])('refuses %s among destinations and sources, in upstream words', (cidr, message) => {
    expect(errors(JSON.stringify({ NonMasqueradeCIDRs: [cidr] }))).toEqual([message]);
    expect(errors(JSON.stringify({ NonMasqueradeSrcCIDRs: ['10.0.0.0/8', cidr] }))).toEqual([message]);
  });
  it('refuses more than 64 destinations unless the file raises the limit, and any number of sources is fine', () => {
    const many = Array.from({ length: 65 }, (_, n) => `10.${n}.0.0/16`);
    expect(errors(JSON.stringify({ NonMasqueradeCIDRs: many }))).toEqual([
      'the daemon can only accept up to 64 CIDRs (excluding link-local), but got 65 CIDRs (excluding link local)',
    ]);
    expect(errors(JSON.stringify({ NonMasqueradeCIDRs: many, cidrLimit: 65 }))).toEqual([]);
    expect(errors(JSON.stringify({ NonMasqueradeSrcCIDRs: many }))).toEqual([]);
  });
  it.each(['0s', '-1m', '5', 'soon', '10ms'])('refuses the interval %s', (resyncInterval) => {
    expect(errors(JSON.stringify({ resyncInterval }))[0]).toContain('not a duration of at least 1s');
  });
  it('refuses what is no object, wrong types and a key in both cases, and names them', () => {
    expect(errors('[1]')[0]).toContain('expected an object');
    expect(errors('{"NonMasqueradeCIDRs":')[0]).toContain('neither JSON nor YAML');
    expect(errors('{"MasqLinkLocal":"yes"}')[0]).toContain('masqLinkLocal');
    expect(errors('{"MasqLinkLocal":true,"masqLinkLocal":false}')[0]).toContain('given twice');
  });
  it('warns of unknown keys and of a source that covers every Pod', () => {
    const read = decodeMasqConfig('{"NonMasqueradeSrcCIDRs":["0.0.0.0/0"],"NonMasqueradCIDRs":[]}');
    expect(read).toMatchObject({
      kind: 'config',
      warnings: [/unknown key/, /covers every Pod/].map((text) => expect.stringMatching(text)),
    });
  });
  it('is never half applied, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const read = decodeMasqConfig(text);
        expect(read.kind === 'config' || read.errors.length > 0).toBe(true);
      }),
    );
  });
});

describe('whether a connection leaves with the address of the node', () => {
  const sample = config(SAMPLE);
  it.each([
    ['172.16.0.3', '8.8.8.8', true],
    ['172.16.0.2', '8.8.8.8', false],
    ['172.16.0.3', '172.16.9.9', false],
    ['172.16.0.3', '10.67.1.1', false],
    ['172.16.0.3', '10.68.1.1', true],
    ['172.16.0.3', '169.254.0.23', true],
  ])('from %s to %s: %s', (from, to, masqueraded) => {
    expect(isMasqueraded(sample, from, to)).toBe(masqueraded);
  });
  it('leaves link-local destinations alone unless told', () => {
    expect(isMasqueraded(defaultMasqConfig, '10.0.0.1', '169.254.0.23')).toBe(false);
    expect(isMasqueraded(defaultMasqConfig, 'fd00::1', 'fe80::1')).toBe(false);
    expect(isMasqueraded(defaultMasqConfig, 'fd00::1', '2001:db8::1')).toBe(true);
  });
  it('takes 0.0.0.0/8 for what it says, not for all addresses as the cloud does', () => {
    expect(isMasqueraded(config('{"NonMasqueradeCIDRs":["0.0.0.0/8"]}'), '10.0.0.1', '8.8.8.8')).toBe(true);
  });
  it('is never when the source or every destination is exempt', () => {
    expect(isEverMasqueraded(sample, '172.16.0.2')).toBe(false);
    expect(isEverMasqueraded(sample, '172.16.0.3')).toBe(true);
    expect(isEverMasqueraded(config('{"NonMasqueradeCIDRs":["0.0.0.0/0"]}'), '172.16.0.3')).toBe(false);
  });
});
