// Names of Services and Pods, as the Kubernetes DNS specification and CoreDNS have them.
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/kube/types.ts';
import type { ClusterView } from './cluster-names.ts';
import { answerOf } from './cluster-names.ts';
import { decodeQuery, encodeAnswer, RECORD_TYPES } from './message.ts';
import { queryBytes, readAnswer } from './testing/client.ts';

const object = (kind: string, name: string, rest: object): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop' },
  ...rest,
});
const web = object('Service', 'web', {
  spec: {
    clusterIP: '10.96.1.1',
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'metrics', port: 9090, protocol: 'TCP' },
    ],
  },
});
const store = object('Service', 'store', {
  spec: { clusterIP: 'None', ports: [{ name: 'peer', port: 7000, protocol: 'TCP' }] },
});
const endpoints = object('Endpoints', 'store', {
  subsets: [
    {
      addresses: [{ ip: '10.0.32.4', hostname: 'store-0' }, { ip: '10.0.32.5' }],
      notReadyAddresses: [{ ip: '10.0.32.6', hostname: 'store-2' }],
      ports: [{ name: 'peer', port: 7000, protocol: 'TCP' }],
    },
  ],
});
const away = object('Service', 'away', { spec: { type: 'ExternalName', externalName: 'db.example.org.' } });
const empty = object('Service', 'empty', { spec: { clusterIP: 'None', ports: [{ port: 80 }] } });

const services = [web, store, away, empty];
const view: ClusterView = {
  domain: 'cluster.local',
  hasNamespace: (name) => ['shop', 'default'].includes(name),
  service: (key) => services.find(({ metadata }) => `shop/${metadata.name}` === key),
  endpoints: (key) => (key === 'shop/store' ? endpoints : undefined),
  services: () => services,
  allEndpoints: () => [endpoints],
};

/** What a client reads: code, then records. */
const ask = (name: string, type: keyof typeof RECORD_TYPES = 'A'): string => {
  const query = decodeQuery(queryBytes(name, RECORD_TYPES[type], { edns: 1232 }));
  const { code, records, authority } = readAnswer(encodeAnswer(query, answerOf(query.question, view), 65_535));
  const word = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'][code] ?? '';
  const soa = authority.length > 0 ? ' SOA' : '';
  return `${word}${soa}${records.map((record) => `\n${record.replace(`${name} 30 `, '')}`).join('')}`;
};

describe('a Service', () => {
  it('has its address under its name', () => {
    expect(ask('web.shop.svc.cluster.local')).toBe('NOERROR\nA 10.96.1.1');
    expect(ask('WEB.shop.svc.Cluster.Local')).toBe('NOERROR\nA 10.96.1.1');
  });

  it('is there without addresses of another family, so that clients do not go on searching', () => {
    expect(ask('web.shop.svc.cluster.local', 'AAAA')).toBe('NOERROR SOA');
  });

  it('tells the ports it has, all or by name', () => {
    expect(ask('_metrics._tcp.web.shop.svc.cluster.local', 'SRV')).toBe(
      'NOERROR\nSRV 0 100 9090 web.shop.svc.cluster.local',
    );
    expect(ask('web.shop.svc.cluster.local', 'SRV')).toBe(
      'NOERROR\nSRV 0 50 80 web.shop.svc.cluster.local\nSRV 0 50 9090 web.shop.svc.cluster.local',
    );
    expect(ask('_nothing._tcp.web.shop.svc.cluster.local', 'SRV')).toBe('NXDOMAIN SOA');
    expect(ask('_metrics._udp.web.shop.svc.cluster.local', 'SRV')).toBe('NXDOMAIN SOA');
  });

  it('of another place is an alias', () => {
    expect(ask('away.shop.svc.cluster.local')).toBe('NOERROR\nCNAME db.example.org');
  });

  it('that is headless has the addresses of its ready Pods', () => {
    expect(ask('store.shop.svc.cluster.local')).toBe('NOERROR\nA 10.0.32.4\nA 10.0.32.5');
    expect(ask('empty.shop.svc.cluster.local')).toBe('NXDOMAIN SOA');
  });

  it('gives each Pod a name: its own, or its address', () => {
    expect(ask('store-0.store.shop.svc.cluster.local')).toBe('NOERROR\nA 10.0.32.4');
    expect(ask('10-0-32-5.store.shop.svc.cluster.local')).toBe('NOERROR\nA 10.0.32.5');
    expect(ask('store-2.store.shop.svc.cluster.local')).toBe('NXDOMAIN SOA');
    expect(ask('_peer._tcp.store.shop.svc.cluster.local', 'SRV')).toBe(
      'NOERROR\nSRV 0 50 7000 store-0.store.shop.svc.cluster.local\nSRV 0 50 7000 10-0-32-5.store.shop.svc.cluster.local',
    );
  });
});

describe('other names', () => {
  it('of the cluster do not exist, unless something is below them', () => {
    expect(ask('nobody.shop.svc.cluster.local')).toBe('NXDOMAIN SOA');
    expect(ask('web.nowhere.svc.cluster.local')).toBe('NXDOMAIN SOA');
    expect(ask('web.cluster.local')).toBe('NXDOMAIN SOA');
    for (const name of ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'])
      expect(ask(name)).toBe('NOERROR SOA');
  });

  it('may be the address of a Pod', () => {
    expect(ask('10-0-32-5.shop.pod.cluster.local')).toBe('NOERROR\nA 10.0.32.5');
    expect(ask('10-0-32-500.shop.pod.cluster.local')).toBe('NXDOMAIN SOA');
    expect(ask('10-0-32-5.nowhere.pod.cluster.local')).toBe('NXDOMAIN SOA');
  });

  it('say which specification they follow', () => {
    expect(ask('dns-version.cluster.local', 'TXT')).toBe('NOERROR\nTXT 1.1.0');
  });

  it('outside the cluster are refused', () => {
    expect(ask('example.org')).toBe('REFUSED');
    expect(ask('notcluster.local')).toBe('REFUSED');
    expect(ask('2.0.0.192.in-addr.arpa', 'PTR')).toBe('REFUSED');
  });
});

describe('an address', () => {
  it('of a Service and of a Pod behind one has a name', () => {
    expect(ask('1.1.96.10.in-addr.arpa', 'PTR')).toBe('NOERROR\nPTR web.shop.svc.cluster.local');
    expect(ask('4.32.0.10.in-addr.arpa', 'PTR')).toBe('NOERROR\nPTR store-0.store.shop.svc.cluster.local');
    expect(ask('4.32.0.10.in-addr.arpa', 'A')).toBe('NOERROR SOA');
  });
});
