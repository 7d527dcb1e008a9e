// What of the runtime's variables is let in.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CniCommand, cniCommands, decodeCall } from './call.ts';
import { cniCodes, CniError } from './error.ts';

const good = {
  'x-cni-command': 'ADD',
  'x-cni-containerid': '0123abc',
  'x-cni-netns': '/var/run/netns/cni-3f0e',
  'x-cni-ifname': 'eth0',
  'x-cni-args': 'K8S_POD_NAME=p',
};
const decode = (changes: Readonly<Record<string, string>> = {}) => {
  const headers: Readonly<Record<string, string>> = { ...good, ...changes };
  return decodeCall((name) => headers[name] ?? '', '{}');
};

describe('a call of the runtime', () => {
  it('is decoded from the headers that the entry sends', () => {
    expect(decode()).toEqual({
      command: 'ADD',
      containerId: '0123abc',
      netns: '/var/run/netns/cni-3f0e',
      ifName: 'eth0',
      args: 'K8S_POD_NAME=p',
      stdin: '{}',
    });
  });

  it.each([
    ['x-cni-command', 'VERSION', 'CNI_COMMAND'],
    ['x-cni-containerid', '', 'CNI_CONTAINERID'],
    ['x-cni-containerid', '../../etc/passwd', 'CNI_CONTAINERID'],
    ['x-cni-netns', '', 'CNI_NETNS'],
    ['x-cni-netns', '/run/netns/a b', 'CNI_NETNS'],
    ['x-cni-netns', 'relative', 'CNI_NETNS'],
    ['x-cni-ifname', 'a-name-that-is-too-long', 'CNI_IFNAME'],
    ['x-cni-ifname', 'eth0 mtu 9', 'CNI_IFNAME'],
  ])('is refused with the variable named: %s=%j', (header, value, variable) => {
    expect(() => decode({ [header]: value })).toThrow(
      expect.objectContaining({
        code: cniCodes.invalidEnvironment,
        message: expect.stringContaining(variable) as string,
      }),
    );
  });

  it('lets a Pod end whose namespace the runtime has lost', () => {
    expect(decode({ 'x-cni-command': 'DEL', 'x-cni-netns': '' }).netns).toBe('');
  });

  it.each<CniCommand>(['STATUS', 'GC'])('needs no container for %s', (command) => {
    expect(decodeCall((name) => (name === 'x-cni-command' ? command : ''), '{}').command).toBe(command);
  });

  it('never lets anything into text for `ip` or into a file name that could be more than one word', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('a', '/', '.', '-', ' ', '\n', '\t', ';', '0') }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...cniCommands), text, text, text, (command, containerId, netns, ifName) => {
        try {
          const call = decode({
            'x-cni-command': command,
            'x-cni-containerid': containerId,
            'x-cni-netns': netns,
            'x-cni-ifname': ifName,
          });
          if (command === 'STATUS' || command === 'GC') return;
          expect(call.containerId).not.toMatch(/[\s/]|^\./);
          expect(call.ifName).not.toMatch(/\s/);
          if (command !== 'DEL') expect(call.netns).not.toMatch(/\s/);
        } catch (error) {
          expect(error).toBeInstanceOf(CniError);
        }
      }),
    );
  });
});
