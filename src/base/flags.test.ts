// Flags of the daemons: one-line errors that name flag, value and what is accepted.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  booleanFlag,
  choiceFlag,
  decodeFlags,
  durationFlag,
  goDurationMs,
  integerFlag,
  requiredFlag,
  textFlag,
} from './flags.ts';

const schemas = {
  'enable-security-groups': booleanFlag(false).describe('turn it on'),
  'security-groups': textFlag(),
  count: integerFlag(3, { min: 1, max: 9 }),
  mode: choiceFlag(['standard', 'strict'], 'standard'),
  expiry: durationFlag(60_000),
};

const decode = (...argv: string[]) => decodeFlags('tke-eni-ipamd', schemas, argv);

describe('decodeFlags', () => {
  it('fills in defaults', () => {
    expect(decode()).toEqual({
      kind: 'values',
      values: {
        'enable-security-groups': false,
        'security-groups': undefined,
        count: 3,
        mode: 'standard',
        expiry: 60_000,
      },
    });
  });

  it('reads flags as the documents write them, quoted or not', () => {
    for (const argument of [
      '--security-groups=sg-1,sg-2',
      '--security-groups="sg-1,sg-2"',
      "--security-groups='sg-1,sg-2'",
    ])
      expect(decode('--enable-security-groups', argument)).toMatchObject({
        values: { 'enable-security-groups': true, 'security-groups': 'sg-1,sg-2' },
      });
  });

  it('takes a value after a space, but a bare switch does not swallow the next flag', () => {
    expect(decode('--count', '5', '--enable-security-groups', '--mode=strict')).toMatchObject({
      values: { count: 5, 'enable-security-groups': true, mode: 'strict' },
    });
  });

  it.each([
    ['--count=12', 'tke-eni-ipamd: flag --count=12: expected a whole number from 1 to 9'],
    ['--mode=loose', 'tke-eni-ipamd: flag --mode=loose: expected one of standard, strict'],
    ['--enable-security-groups=maybe', 'tke-eni-ipamd: flag --enable-security-groups=maybe: expected true or false'],
    ['--expiry=soon', 'tke-eni-ipamd: flag --expiry=soon: expected a duration such as 30s, 5m or 1h30m'],
  ])('refuses %s in one line', (argument, line) => {
    expect(decode(argument)).toEqual({ kind: 'error', line });
  });

  it('names an unknown flag and the known ones, and a stray word', () => {
    expect(decode('--enable-security-group')).toMatchObject({
      kind: 'error',
      line: expect.stringMatching(
        /^tke-eni-ipamd: unknown flag --enable-security-group; known flags: .*--security-groups/,
      ),
    });
    expect(decode('up')).toMatchObject({ kind: 'error', line: expect.stringContaining('unexpected word "up"') });
  });

  it('says that a required flag is missing', () => {
    expect(decodeFlags('x', { 'node-name': requiredFlag() }, [])).toEqual({
      kind: 'error',
      line: 'x: flag --node-name: required, but not given',
    });
  });

  it('shows help', () => {
    expect(decode('--help')).toMatchObject({
      kind: 'help',
      text: expect.stringContaining('--enable-security-groups  turn it on'),
    });
  });
});

describe('goDurationMs', () => {
  it('adds up hours, minutes, seconds and milliseconds', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(59), fc.nat(59), fc.nat(999), (h, m, s, ms) => {
        expect(goDurationMs(`${h}h${m}m${s}s${ms}ms`)).toBe(((h * 60 + m) * 60 + s) * 1000 + ms);
      }),
    );
  });

  it('refuses what is not one', () => {
    for (const text of ['', '5', 'h', '5x', '1h 5m', '-1s']) expect(goDurationMs(text)).toBeUndefined();
  });
});
