// What a person types, and what of it is meant.
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../kube/types.ts';
import { offeredPorts, resolvePlace, type Resolved, splitTarget } from './resolve.ts';
import { pictureOf } from './testing/cluster.ts';
import type { Place } from './trace.ts';

const owned = (kind: string, name: string, owner?: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    ...(owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid: `uid-${owner}` }] }),
  },
});

const base = pictureOf({
  nodes: { '10.0.1.1': [] },
  groups: {},
  pods: [
    { name: 'web-1', address: '10.0.32.1', node: '10.0.1.1', ports: [80] },
    { name: 'web-2', address: '10.0.32.2', node: '10.0.1.1', ports: [80, 443] },
    { name: 'db', address: '10.0.32.3', node: '10.0.1.1' },
  ],
});
const picture = {
  ...base,
  kube: {
    ...base.kube,
    pods: base.kube.pods.map((pod) =>
      pod.metadata.name.startsWith('web-')
        ? {
            ...pod,
            metadata: { ...pod.metadata, ownerReferences: owned('Pod', 'x', 'web-rs').metadata.ownerReferences ?? [] },
          }
        : pod,
    ),
    workloads: [owned('Deployment', 'web'), owned('ReplicaSet', 'web-rs', 'web'), owned('StatefulSet', 'db')],
    services: [
      { ...owned('Service', 'db'), spec: { clusterIP: '10.96.0.5', ports: [{ port: 5432 }] } },
      { ...owned('Service', 'api'), spec: { clusterIP: '10.96.0.6', ports: [{ port: 53, protocol: 'UDP' }] } },
    ],
  },
};

const say = (place: Place): string =>
  place.kind === 'pod'
    ? `pod ${place.pod.metadata.name}`
    : place.kind === 'node'
      ? `node ${place.node.metadata.name}`
      : place.kind === 'service'
        ? `service ${place.service.metadata.name}`
        : place.kind === 'address'
          ? place.address
          : `name ${place.name}`;
const told = (found: Resolved): string =>
  found.kind === 'places'
    ? `${found.places.map(say).join(' ')}${found.byName ? ' by name' : ''}`
    : found.kind === 'ambiguous'
      ? `one of ${found.candidates.join(' ')}`
      : 'unknown';

describe('a place', () => {
  it.each([
    ['10.0.99.1', '10.0.99.1'],
    ['pod/web-1', 'pod web-1'],
    ['default/web-1', 'pod web-1'],
    ['default/po/web-1', 'pod web-1'],
    ['10.0.1.1', '10.0.1.1'],
    ['node/10.0.1.1', 'node 10.0.1.1'],
    ['svc/api', 'service api by name'],
    ['api', 'service api by name'],
    ['api.default.svc.cluster.local', 'service api by name'],
    ['api.default', 'service api by name'],
    ['www.example.com', 'name www.example.com by name'],
    ['deploy/web', 'pod web-1 pod web-2'],
    ['web', 'pod web-1 pod web-2'],
    ['d', 'pod db'],
    ['db', 'one of default/pod/db default/svc/db default/statefulset/db'],
    ['web-', 'one of default/pod/web-1 default/pod/web-2'],
    ['other/db', 'unknown'],
    ['pods/none', 'unknown'],
    ['gateway/x/y', 'unknown'],
    ['a/b/c/d', 'unknown'],
  ])('%s is %s', (text, meant) => {
    expect(told(resolvePlace(picture, text, 'default'))).toBe(meant);
  });

  it('of another namespace is shown where to look', () => {
    expect(told(resolvePlace(picture, 'web-1', 'shop'))).toBe('one of default/pod/web-1');
  });

  it.each([
    ['svc/db', 'elsewhere', 'Service elsewhere/db is not in the cluster', ['default/svc/db']],
    ['pod/web', 'default', 'Pod default/web is not in the cluster', ['default/pod/web-1', 'default/pod/web-2']],
    ['deploy/web', 'shop', 'Deployment shop/web is not in the cluster', ['default/deploy/web']],
  ])('of a kind, %s in namespace %s, is shown where to look as well', (typed, namespace, text, candidates) => {
    expect(resolvePlace(picture, typed, namespace)).toEqual({ kind: 'ambiguous', text, candidates });
  });

  it('that was chosen by its beginning is told', () => {
    expect(resolvePlace(picture, 'd', 'default')).toMatchObject({ note: 'd is taken for default/pod/db' });
  });
});

describe('the port of a destination', () => {
  it.each([
    ['web:80', 'web', 'TCP', 80],
    ['web:53/udp', 'web', 'UDP', 53],
    ['10.0.0.1:443/TCP', '10.0.0.1', 'TCP', 443],
    ['web:icmp', 'web', 'ICMP', undefined],
  ] as const)('of %s', (text, place, protocol, port) => {
    expect(splitTarget(text)).toEqual({ place, wish: { protocol, port } });
  });

  it('is none of an address with colons', () => {
    expect(splitTarget('fd00::1')).toEqual({ place: 'fd00::1', wish: undefined });
  });

  it.each([
    ['web:0', '"0" in "web:0" is no port; expected 1 to 65535'],
    ['web:http', '"http" in "web:http" is no port'],
    ['web:80/sctp', '"sctp" in "web:80/sctp" is no protocol'],
    ['web:80/tcp/x', 'is no protocol'],
  ])('%s is refused with what would be right', (text, words) => {
    expect(splitTarget(text)).toContain(words);
  });

  it('is what a Service or the containers of a Pod offer', () => {
    const [api] = resolvePlaces('svc/api');
    const [web2] = resolvePlaces('pod/web-2');
    expect([api, web2].map((place) => place && offeredPorts(place))).toEqual([
      [{ port: 53, protocol: 'UDP' }],
      [
        { port: 80, protocol: 'TCP' },
        { port: 443, protocol: 'TCP' },
      ],
    ]);
  });
});

function resolvePlaces(text: string): readonly Place[] {
  const found = resolvePlace(picture, text, 'default');
  return found.kind === 'places' ? found.places : [];
}
