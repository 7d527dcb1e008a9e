// The command line of ipamd: defaults as documented, nothing documented is silently ignored.
import { describe, expect, it } from 'vitest';
import { decodeFlags } from '../base/flags.ts';
import { ipamdFlags } from './flags.ts';

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
    ['--enable-security-groups'],
    ['--enable-ownerref=true'],
    ['--security-groups=sg-12ab34cd'],
    ['--claim-expired-duration=1h'],
  ])('refuse %s, which this version does not implement', (flag) => {
    expect(decode(flag)).toMatchObject({ kind: 'error', line: expect.stringContaining('does not implement it yet') });
  });

  it('accept the documented flags at their defaults', () => {
    expect(decode('--enable-security-groups=false', '--security-groups=', '--enable-ownerref=false').kind).toBe(
      'values',
    );
  });

  it.each([
    ['--cloud-endpoint=vpc.example', 'expected http://'],
    ['--health-address=61678', 'expected host:port'],
    ['--credential-source=vault', 'auto, static, cvm-role, oidc'],
    ['--lease-duration=15', 'expected a duration'],
    ['--leader-election', 'unknown flag'],
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
});
