// What is missing is told so that it can be installed.
import { describe, expect, it } from 'vitest';
import { installHint, probeHost } from './probe.ts';

describe('installHint', () => {
  it('names tools and each package once', () => {
    const missing = [
      { tool: 'unshare', debianPackage: 'util-linux' },
      { tool: 'nsenter', debianPackage: 'util-linux' },
      { tool: 'nft', debianPackage: 'nftables' },
    ];
    expect(installHint(missing)).toBe(
      'missing: unshare, nsenter, nft; on Debian and Ubuntu: apt-get install --yes util-linux nftables',
    );
  });

  it('says nothing when nothing is missing', () => {
    expect(installHint([])).toBeUndefined();
  });
});

describe('probeHost', () => {
  it('never claims root for an ordinary user', () => {
    const probe = probeHost();
    expect(probe.root && process.getuid?.() !== 0).toBe(false);
  });
});
