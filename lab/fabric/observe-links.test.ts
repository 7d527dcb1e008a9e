// What is believed after a change that failed half-way.
import { describe, expect, it } from 'vitest';
import { observedLinks } from './observe-links.ts';
import type { LinkState } from './plan-links.ts';

const expected: LinkState = {
  ports: new Map([
    ['p1', { identity: 'one', mac: '02:00:00:00:00:01', addresses: new Set(['10.0.0.1', '10.0.0.2']) }],
    ['p2', { identity: 'two', mac: '02:00:00:00:00:02', addresses: new Set(['10.0.0.3']) }],
  ]),
  gateways: new Set(['10.0.0.254']),
  strays: [],
};
const seen = {
  links: JSON.stringify([{ ifname: 'p1' }, { ifname: 'p2' }, { ifname: 'p3' }]),
  routes: JSON.stringify([
    { dst: '10.0.0.1', dev: 'p1' },
    { dst: '10.0.0.3', dev: 'p2' },
  ]),
  loopback: JSON.stringify([{ addr_info: [{ local: '127.0.0.1' }, { local: '10.1.0.254' }, { local: '::1' }] }]),
};

describe('observedLinks', () => {
  it('keeps known ports with the routes that they really have', () => {
    const { ports } = observedLinks(seen, expected, new Set());
    expect(ports.get('p1')).toMatchObject({ identity: 'one', addresses: new Set(['10.0.0.1']) });
  });

  it('takes suspects and unknown devices for strays', () => {
    const { ports, strays } = observedLinks(seen, expected, new Set(['p2']));
    expect([...ports.keys()]).toEqual(['p1']);
    expect(strays).toEqual(['p2', 'p3']);
  });

  it('forgets ports whose device is gone, and reads the gateways from the loopback', () => {
    const { ports, gateways } = observedLinks({ ...seen, links: '[]', routes: '' }, expected, new Set());
    expect(ports.size).toBe(0);
    expect(gateways).toEqual(new Set(['10.1.0.254']));
  });
});
