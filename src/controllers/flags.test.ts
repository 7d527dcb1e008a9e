// The command line of ipamd: defaults as documented, nothing documented is silently ignored.
import { describe, expect, it } from 'vitest';
import { decodeFlags } from '../base/flags.ts';
import { ipamdFlags, policyFlags } from './flags.ts';

const decode = (...argv: string[]) => decodeFlags('tke-eni-ipamd', ipamdFlags, argv);

describe('the flags of ipamd', () => {
  it('have the documented defaults', () => {
    expect(decode()).toMatchObject({
      kind: 'values',
      values: {
        kubeconfig: undefined,
        'leader-elect': true,
        'lease-duration': 15_000,
        'renew-deadline': 10_000,
        'retry-period': 2_000,
        'health-address': { host: '127.0.0.1', port: 61_678 },
        'metrics-address': { host: '0.0.0.0', port: 8080 },
        adopt: false,
      },
    });
  });

  it.each([
    ['5', 'not a duration'],
    ['4m59s', 'at least 5m'],
    ['-1h', 'not a duration'],
    ['0s', 'at least 5m'],
  ])('refuse --claim-expired-duration=%s with what would be right', (value, words) => {
    expect(decode(`--claim-expired-duration=${value}`)).toMatchObject({
      kind: 'error',
      line: expect.stringContaining(words),
    });
  });

  it('take a kept time of five minutes or more, and the switch of the cascade with and without a value', () => {
    expect(decode('--claim-expired-duration=5m', '--enable-ownerref')).toMatchObject({
      kind: 'values',
      values: { 'claim-expired-duration': 300_000, 'enable-ownerref': true },
    });
  });

  it('accept the documented flags at their defaults', () => {
    expect(decode('--enable-security-groups=false', '--security-groups=', '--enable-ownerref=false').kind).toBe(
      'values',
    );
  });

  it.each([
    ['--cloud-endpoint=vpc.example', 'expected http://'],
    ['--metadata-url=metadata.tencentyun.com', 'expected http://host:port/path'],
    ['--health-address=61678', 'expected host:port'],
    ['--credential-source=vault', 'auto, static, cvm-role, oidc'],
    ['--lease-duration=15', 'expected a duration'],
    ['--leader-election', 'unknown flag'],
    ['--security-groups=sg-12ab34cd,sg-OOPS', '"sg-OOPS" is not a security group id'],
    ['--enable-security-groups=yes', 'expected true or false'],
    ['--ip-min-warm-target=-1', 'expected a whole number from 0 to 1000'],
    ['--ip-max-warm-target=1001', 'expected at most 1000'],
  ])('refuse %s in one line that says what is accepted', (flag, expected) => {
    const result = decode(flag);
    expect(result).toMatchObject({ kind: 'error', line: expect.stringContaining(expected) });
    expect(result.kind === 'error' && result.line).not.toContain('\n');
  });

  it('take ":8080" for every address of the machine', () => {
    expect(decode('--metrics-address=:8080')).toMatchObject({
      values: { 'metrics-address': { host: '0.0.0.0', port: 8080 } },
    });
  });

  it.each([
    ['--security-groups=sg-12ab34cd,sg-56ef78gh'],
    ['--security-groups="sg-12ab34cd,sg-56ef78gh"'],
    ["--security-groups='sg-12ab34cd, sg-56ef78gh'"],
  ])('take the groups of document 000 in order, quoted or not: %s', (flag) => {
    expect(decode('--enable-security-groups', flag)).toMatchObject({
      values: { 'enable-security-groups': true, 'security-groups': ['sg-12ab34cd', 'sg-56ef78gh'] },
    });
  });

  it('tell a flag that was not given from one that is empty or off', () => {
    expect(policyFlagsOf()).toMatchObject({ enableSecurityGroups: undefined, securityGroups: undefined });
    expect(policyFlagsOf('--enable-security-groups=false', '--security-groups=')).toMatchObject({
      enableSecurityGroups: false,
      securityGroups: [],
    });
  });
});

function policyFlagsOf(...argv: string[]) {
  const result = decode(...argv);
  if (result.kind !== 'values') throw new Error(JSON.stringify(result));
  return policyFlags(result.values);
}
