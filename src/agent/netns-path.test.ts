// Namespaces under the names that runtimes give them.
import { describe, expect, it } from 'vitest';
import { netnsFinder } from './netns-path.ts';

describe('a namespace', () => {
  it.each([
    ['/run/netns', '/run/netns/cni-1', '/run/netns/cni-1'],
    ['/run/netns', '/var/run/netns/cni-1', '/run/netns/cni-1'],
    ['/host/netns', '/var/run/netns/cni-1', '/host/netns/cni-1'],
    ['/host/netns', '/proc/17/ns/net', '/proc/17/ns/net'],
    ['/host/netns', '/srv/run/netns/cni-1', '/srv/run/netns/cni-1'],
  ])('with --netns-dir=%s, %s is found at %s', (directory, named, found) => {
    expect(netnsFinder(directory)(named)).toBe(found);
  });
});
