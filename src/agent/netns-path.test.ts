// Namespaces under the names that runtimes give them.
import { describe, expect, it } from 'vitest';
import { cniCodes } from '../cni/error.ts';
import { checkNetns, netnsFinder } from './netns-path.ts';

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

  it.each([
    ['is not there', '/run/netns/nowhere', 'there is no such namespace'],
    ['is a file', import.meta.filename, 'this is no namespace'],
    ['is a directory', import.meta.dirname, 'this is no namespace'],
    ['is the own one of the node', `/proc/${process.pid}/ns/net`, 'this is the namespace of the node itself'],
  ])('is refused by name when it %s', (_, path, why) => {
    expect(() => checkNetns(path)).toThrow(
      expect.objectContaining({ code: cniCodes.invalidEnvironment, message: `CNI_NETNS ${path}: ${why}` }),
    );
  });

  it('is taken when it is another one than the own one', () => {
    // Any other namespace of this process will do: of which kind it is, the kernel says when it is entered.
    expect(() => checkNetns('/proc/self/ns/mnt')).not.toThrow();
  });
});
