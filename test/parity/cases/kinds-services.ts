// Services and what stands behind them: addresses and ports that are given out, types, Endpoints, EndpointSlices.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { assertInvalid, causesOf } from './refusal.ts';

const RULES = 'lab/kube/apiserver/builtin/rules';
const VALIDATION = 'pkg/apis/core/validation/validation.go';

const create = (t: ParityContext, name: string, spec: object): Promise<Answer> =>
  t.http.call('POST', `${t.core}/services`, { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });

export const kindsOfServicesCases: readonly ParityCase[] = [
  {
    id: 'kinds/service-addresses',
    title: 'A Service keeps the address it is given; a taken or foreign one is refused, and a headless one has none',
    source: 'docs: concepts/services-networking/service; pkg/registry/core/service/storage',
    mutation: { file: `${RULES}/service.ts`, find: "'may not change once set'", replace: "'no'" },
    run: async (t) => {
      const made = await create(t, 'one', {});
      assert.equal(made.code, 201, made.text);
      const { clusterIP, clusterIPs, ports, sessionAffinity, type } = made.body['spec'];
      assert.deepEqual(
        { clusterIPs, ports, sessionAffinity, type },
        {
          clusterIPs: [clusterIP],
          ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
          sessionAffinity: 'None',
          type: 'ClusterIP',
        },
      );
      assert.deepEqual(made.body['status'], { loadBalancer: {} });
      const path = `${t.core}/services/one`;
      const taken = await create(t, 'two', { clusterIP });
      assert.equal(taken.code, 422);
      assert.match(
        causesOf(taken)[0] ?? '',
        /^spec\.clusterIPs: Invalid value: \[\]string\{".*"\}: failed to allocate.*provided IP is already allocated$/,
      );
      const other = clusterIP.replace(/\d+$/, (last: string) => String((Number(last) + 1) % 250));
      assertInvalid(await t.http.patch('merge', path, { spec: { clusterIP: other } }), 'Service "one"', [
        `spec.clusterIPs[0]: Invalid value: []string{"${other}"}: may not change once set`,
      ]);
      const headless = await create(t, 'headless', { clusterIP: 'None', selector: { a: 'b' } });
      assert.deepEqual([headless.body['spec'].clusterIP, headless.body['spec'].clusterIPs], ['None', ['None']]);
      assertInvalid(await create(t, 'text', { clusterIP: 'text' }), 'Service "text"', [
        'spec.clusterIPs[0]: Invalid value: "text": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ]);
    },
  },
  {
    id: 'kinds/service-families',
    title:
      'On a cluster of one family a Service says so: IPv4, SingleStack, internal traffic to the whole cluster; IPv6 is refused',
    source: 'docs: concepts/services-networking/dual-stack; pkg/registry/core/service/storage/alloc.go',
    since: '1.23',
    mutation: { file: `${RULES}/service-allocation.ts`, find: "'not configured on this cluster'", replace: "'no'" },
    run: async (t) => {
      const { body } = await create(t, 'one', {});
      const { internalTrafficPolicy, ipFamilies, ipFamilyPolicy } = body['spec'];
      assert.deepEqual(
        { internalTrafficPolicy, ipFamilies, ipFamilyPolicy },
        { internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
      );
      assertInvalid(await create(t, 'six', { ipFamilies: ['IPv6'] }), 'Service "six"', [
        'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
      ]);
      assertInvalid(await create(t, 'two', { ipFamilyPolicy: 'RequireDualStack' }), 'Service "two"', [
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
      ]);
    },
  },
  {
    id: 'kinds/service-keeps-what-was-allocated',
    title: 'Whoever writes a Service again without its address and node ports keeps them',
    source: 'pkg/registry/core/service/strategy.go patchAllocatedValues',
    since: '1.23',
    mutation: {
      file: `${RULES}/service.ts`,
      find: "port['nodePort'] = same['nodePort'];",
      replace: "delete port['nodePort'];",
    },
    run: async (t) => {
      // Whatever an allocator would give next is not what the Service has.
      await create(t, 'before', { type: 'NodePort' });
      const made = await create(t, 'one', { type: 'NodePort' });
      await t.http.ok('DELETE', `${t.core}/services/before`);
      const { clusterIP } = made.body['spec'];
      const [{ nodePort }] = made.body['spec'].ports;
      const { name, resourceVersion } = made.body['metadata'];
      const spec = { type: 'NodePort', ports: [{ port: 80, targetPort: 8080 }] };
      const replaced = await t.http.call('PUT', `${t.core}/services/one`, {
        metadata: { name, resourceVersion },
        spec,
      });
      assert.equal(replaced.code, 200, replaced.text);
      assert.equal(replaced.body['spec'].clusterIP, clusterIP);
      assert.deepEqual(replaced.body['spec'].ports, [{ nodePort, port: 80, protocol: 'TCP', targetPort: 8080 }]);
    },
  },
  {
    id: 'kinds/service-node-ports',
    title: 'Node ports come from 30000-32767, stay, are not given twice, and go with the type',
    source: 'docs: concepts/services-networking/service "type: NodePort"; pkg/registry/core/service/portallocator',
    mutation: {
      file: `${RULES}/service-allocation.ts`,
      find: "'provided port is already allocated'",
      replace: "'taken'",
    },
    run: async (t) => {
      const made = await create(t, 'one', { type: 'NodePort' });
      assert.equal(made.code, 201, made.text);
      const { nodePort } = made.body['spec'].ports[0];
      assert.ok(nodePort >= 30_000 && nodePort <= 32_767, String(nodePort));
      assert.equal(made.body['spec'].externalTrafficPolicy, 'Cluster');
      const path = `${t.core}/services/one`;
      const taken = await create(t, 'two', { type: 'NodePort', ports: [{ port: 80, nodePort }] });
      assertInvalid(taken, 'Service "two"', [
        `spec.ports[0].nodePort: Invalid value: ${nodePort}: provided port is already allocated`,
      ]);
      const low = await create(t, 'two', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] });
      assertInvalid(low, 'Service "two"', [
        'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
      ]);
      const inside = await create(t, 'two', { ports: [{ port: 80, nodePort: 30_080 }] });
      assertInvalid(inside, 'Service "two"', [
        "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
      ]);
      const back = await t.http.patch('merge', path, { spec: { type: 'ClusterIP' } });
      assert.equal(back.code, 200, back.text);
      assert.deepEqual(back.body['spec'].ports, [{ port: 80, protocol: 'TCP', targetPort: 80 }]);
      assert.ok(!('externalTrafficPolicy' in back.body['spec']));
      const again = await create(t, 'two', { type: 'NodePort', ports: [{ port: 80, nodePort }] });
      assert.equal(again.code, 201, again.text);
    },
  },
  {
    id: 'kinds/service-load-balancer',
    title: 'A Service of type LoadBalancer gets a node port and an address inside, and waits for the one outside',
    source: 'docs: concepts/services-networking/service "type: LoadBalancer"',
    mutation: {
      file: `${RULES}/service-validation.ts`,
      find: "may not be set to 'None' for ${type} services",
      replace: 'may not be None for ${type} services',
    },
    run: async (t) => {
      const made = await create(t, 'balanced', { type: 'LoadBalancer' });
      assert.equal(made.code, 201, made.text);
      assert.ok(made.body['spec'].ports[0].nodePort >= 30_000);
      assert.deepEqual(made.body['status'], { loadBalancer: {} });
      const headless = await create(t, 'headless', { type: 'LoadBalancer', clusterIP: 'None' });
      assertInvalid(headless, 'Service "headless"', [
        'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for LoadBalancer services',
      ]);
      const status = await t.http.patch('merge', `${t.core}/services/balanced/status`, {
        status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
      });
      assert.equal(status.code, 200, status.text);
      assert.equal(status.body['status'].loadBalancer.ingress[0].ip, '1.2.3.4');
    },
  },
  {
    id: 'kinds/service-external-name',
    title: 'An ExternalName has a name and no address; a Service that becomes one gives its address back',
    source:
      'docs: concepts/services-networking/service "type: ExternalName"; pkg/registry/core/service/strategy.go dropTypeDependentFields',
    mutation: {
      file: `${RULES}/service-validation.ts`,
      find: "required('spec.externalName')",
      replace: "required('spec.name')",
    },
    run: async (t) => {
      const outside = { type: 'ExternalName', ports: undefined };
      const made = await create(t, 'named', { ...outside, externalName: 'db.example.com' });
      assert.equal(made.code, 201, made.text);
      assert.deepEqual(made.body['spec'], {
        externalName: 'db.example.com',
        sessionAffinity: 'None',
        type: 'ExternalName',
      });
      assertInvalid(await create(t, 'nameless', outside), 'Service "nameless"', ['spec.externalName: Required value']);
      await create(t, 'moved', {});
      const moved = await t.http.patch('merge', `${t.core}/services/moved`, {
        spec: { type: 'ExternalName', externalName: 'db.example.com' },
      });
      assert.equal(moved.code, 200, moved.text);
      assert.deepEqual(moved.body['spec'], {
        externalName: 'db.example.com',
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
        sessionAffinity: 'None',
        type: 'ExternalName',
      });
    },
  },
  {
    id: 'kinds/service-ports',
    title: 'Several ports need names of their own, and one port of a protocol is served once',
    source: `${VALIDATION} validateServicePort, ValidateService`,
    mutation: {
      file: `${RULES}/service-validation.ts`,
      find: 'ports.length > 1 && name',
      replace: 'ports.length > 2 && name',
    },
    run: async (t) => {
      const refuse = async (ports: readonly object[] | undefined, causes: readonly string[]): Promise<void> =>
        assertInvalid(await create(t, 's', { ports }), 'Service "s"', causes);
      await refuse(undefined, ['spec.ports: Required value']);
      await refuse(
        [{ port: 80 }, { port: 81 }],
        ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
      );
      await refuse(
        [
          { name: 'a', port: 80 },
          { name: 'a', port: 0 },
        ],
        [
          'spec.ports[1].name: Duplicate value: "a"',
          'spec.ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
          'spec.ports[1].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
        ],
      );
      await refuse(
        [
          { name: 'a', port: 80 },
          { name: 'b', port: 80 },
        ],
        [
          'spec.ports[1]: Duplicate value: core.ServicePort{Name:"", Protocol:"TCP", AppProtocol:(*string)(nil), Port:80, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}',
        ],
      );
      assert.equal(
        (
          await create(t, 's', {
            ports: [
              { name: 'a', port: 53 },
              { name: 'b', port: 53, protocol: 'UDP' },
            ],
          })
        ).code,
        201,
      );
    },
  },
  {
    id: 'kinds/service-affinity',
    title: 'Affinity to a client lasts three hours unless told otherwise, and no longer than a day',
    source: `${VALIDATION} validateClientIPAffinityConfig; pkg/apis/core/v1/defaults.go SetDefaults_Service`,
    mutation: {
      file: `${RULES}/service.ts`,
      find: 'const AFFINITY_SECONDS = 10_800',
      replace: 'const AFFINITY_SECONDS = 3_600',
    },
    run: async (t) => {
      const sticky = await create(t, 'sticky', { sessionAffinity: 'ClientIP' });
      assert.deepEqual(sticky.body['spec'].sessionAffinityConfig, { clientIP: { timeoutSeconds: 10_800 } });
      const loose = await t.http.patch('merge', `${t.core}/services/sticky`, { spec: { sessionAffinity: 'None' } });
      assert.ok(!('sessionAffinityConfig' in loose.body['spec']));
      const long = await create(t, 'long', {
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } },
      });
      assertInvalid(long, 'Service "long"', [
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
      ]);
      assertInvalid(await create(t, 'odd', { sessionAffinity: 'Cookie' }), 'Service "odd"', [
        'spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"',
      ]);
    },
  },
  {
    id: 'kinds/endpoints',
    title: "Endpoints have addresses that are somebody else's, and named ports when there are several",
    source: `${VALIDATION} validateEndpointSubsets, validateNonSpecialIP`,
    mutation: {
      file: `${RULES}/endpoints.ts`,
      find: "'must specify `addresses` or `notReadyAddresses`'",
      replace: "''",
    },
    run: async (t) => {
      const refused = await t.http.call('POST', `${t.core}/endpoints`, {
        metadata: { name: 'e' },
        subsets: [{}, { addresses: [{ ip: 'x' }], ports: [{ port: 80 }, { name: 'b', port: 0 }] }],
      });
      assertInvalid(refused, 'Endpoints "e"', [
        'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
        'subsets[1].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'subsets[1].addresses[0].ip: Invalid value: "x": must be a valid IP address',
        'subsets[1].ports[0].name: Required value',
        'subsets[1].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      ]);
      const loop = await t.http.call('POST', `${t.core}/endpoints`, {
        metadata: { name: 'e' },
        subsets: [{ addresses: [{ ip: '127.0.0.1' }] }],
      });
      assert.match(loop.body['message'], /may not be in the loopback range \(127\.0\.0\.0\/8/);
      const made = await t.http.ok('POST', `${t.core}/endpoints`, {
        metadata: { name: 'e' },
        subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }],
      });
      assert.deepEqual(made['subsets'], [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80, protocol: 'TCP' }] }]);
    },
  },
  {
    id: 'kinds/endpoint-slices',
    title: 'An EndpointSlice says what its addresses are, once and for all, and names its ports',
    source: 'docs: concepts/services-networking/endpoint-slices; pkg/apis/discovery/validation/validation.go',
    since: '1.21',
    mutation: { file: `${RULES}/endpoints.ts`, find: "'must contain at least 1 address'", replace: "''" },
    run: async (t) => {
      const slices = `/apis/discovery.k8s.io/v1/namespaces/${t.namespace}/endpointslices`;
      const made = await t.http.call('POST', slices, {
        metadata: { name: 's', labels: { 'kubernetes.io/service-name': 's' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
        ports: [{ port: 80 }],
      });
      assert.equal(made.code, 201, made.text);
      assert.deepEqual(made.body['ports'], [{ name: '', port: 80, protocol: 'TCP' }]);
      assertInvalid(
        await t.http.patch('merge', `${slices}/s`, {
          addressType: 'FQDN',
          endpoints: [{ addresses: ['a.example.com'] }],
        }),
        'EndpointSlice.discovery.k8s.io "s"',
        ['addressType: Invalid value: "FQDN": field is immutable'],
      );
      const refused = await t.http.call('POST', slices, {
        metadata: { name: 'r' },
        addressType: 'IPv5',
        endpoints: [{ addresses: [] }],
        ports: [{ name: 'a' }, { name: 'a' }],
      });
      assertInvalid(refused, 'EndpointSlice.discovery.k8s.io "r"', [
        'addressType: Unsupported value: "IPv5": supported values: "FQDN", "IPv4", "IPv6"',
        'endpoints[0].addresses: Required value: must contain at least 1 address',
        'ports[1].name: Duplicate value: "a"',
      ]);
    },
  },
];
