// What containers are told of Services.
import { expect, it } from 'vitest';

import { serviceVariables } from './service-links.ts';

const service = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });

it('names address and ports of a Service', () => {
  const ports = [
    { name: 'http-web', port: 80 },
    { port: 53, protocol: 'UDP' },
  ];
  expect(serviceVariables([service('my-app', { clusterIP: '10.96.3.4', ports })])).toEqual({
    MY_APP_SERVICE_HOST: '10.96.3.4',
    MY_APP_SERVICE_PORT: '80',
    MY_APP_SERVICE_PORT_HTTP_WEB: '80',
    MY_APP_PORT: 'tcp://10.96.3.4:80',
    MY_APP_PORT_80_TCP: 'tcp://10.96.3.4:80',
    MY_APP_PORT_80_TCP_PROTO: 'tcp',
    MY_APP_PORT_80_TCP_PORT: '80',
    MY_APP_PORT_80_TCP_ADDR: '10.96.3.4',
    MY_APP_PORT_53_UDP: 'udp://10.96.3.4:53',
    MY_APP_PORT_53_UDP_PROTO: 'udp',
    MY_APP_PORT_53_UDP_PORT: '53',
    MY_APP_PORT_53_UDP_ADDR: '10.96.3.4',
  });
});

it('is silent about Services without an address', () => {
  const ports = [{ port: 80 }];
  expect(serviceVariables([service('a', { clusterIP: 'None', ports }), service('b', { ports })])).toEqual({});
});
