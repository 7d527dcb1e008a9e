// Discovery: groups, versions and resources, one document each and all in one.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';

type Entry = Answer['body'];

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const aggregated = (version: string): { headers: { accept: string } } => ({
  headers: {
    accept: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`,
  },
});

/** A custom kind in two versions; gives its group. */
async function defineGauges(t: ParityContext): Promise<string> {
  const group = `${t.unique('gauges')}.example.com`;
  t.defer(() => t.http.call('DELETE', `${definitions}/gauges.${group}`));
  const version = (name: string, storage: boolean): Entry => ({
    name,
    served: true,
    storage,
    schema: {
      openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', description: 'What is gauged.' } } },
    },
    subresources: { status: {}, scale: { specReplicasPath: '.spec.count', statusReplicasPath: '.status.count' } },
  });
  await t.http.ok('POST', definitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gauges.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'gauges', kind: 'Gauge', shortNames: ['gg'], categories: ['all'] },
      versions: [version('v1beta1', false), version('v1', true), version('v2alpha1', false)],
    },
  });
  await t.until('the resources to be discovered', async () => {
    const { code } = await t.http.get(`/apis/${group}/v2alpha1`);
    return code === 200 ? true : undefined;
  });
  return group;
}

const named = (list: Entry, name: string): Entry =>
  list['resources'].find((resource: Entry) => resource['name'] === name) ?? {};

export const groupCases: readonly ParityCase[] = [
  {
    id: 'discovery/core-versions',
    title: '/api names the versions of the core group and an address, without an apiVersion of its own',
    source: 'apiserver/pkg/endpoints/discovery/legacy.go',
    mutation: {
      file: 'lab/kube/apiserver/http/discovery-documents.ts',
      find: "kind: 'APIVersions',",
      replace: "kind: 'APIVersions', apiVersion: 'v1',",
    },
    run: async (t) => {
      const { body } = await t.http.ok('GET', '/api').then((found) => ({ body: found }));
      assert.deepEqual([body['kind'], body['apiVersion'], body['versions']], ['APIVersions', undefined, ['v1']]);
      assert.equal(body['serverAddressByClientCIDRs'][0].clientCIDR, '0.0.0.0/0');
      assert.deepEqual(await t.http.ok('GET', '/api/'), body);
    },
  },
  {
    id: 'discovery/core-resources',
    title:
      '/api/v1 tells verbs, scope, short names, categories and storage hash of each resource, and the kinds of subresources',
    source: 'apiserver/pkg/endpoints/discovery/version.go; storageversionhash.go',
    mutation: {
      file: 'lab/kube/apiserver/http/discovery.ts',
      find: "createHash('sha256')",
      replace: "createHash('sha1')",
    },
    run: async (t) => {
      const list = await t.http.ok('GET', '/api/v1');
      assert.deepEqual([list['kind'], list['apiVersion'], list['groupVersion']], ['APIResourceList', undefined, 'v1']);
      const pods = named(list, 'pods');
      assert.deepEqual(
        [pods['kind'], pods['namespaced'], pods['shortNames'], pods['categories'], pods['storageVersionHash']],
        ['Pod', true, ['po'], ['all'], 'xPOwRZ+Yhw8='],
      );
      assert.deepEqual(pods['verbs'], [
        'create',
        'delete',
        'deletecollection',
        'get',
        'list',
        'patch',
        'update',
        'watch',
      ]);
      const status = named(list, 'pods/status');
      assert.deepEqual(
        [status['kind'], status['verbs'], status['group']],
        ['Pod', ['get', 'patch', 'update'], undefined],
      );
      const token = named(list, 'serviceaccounts/token');
      assert.deepEqual(
        [token['group'], token['version'], token['kind'], token['verbs']],
        ['authentication.k8s.io', 'v1', 'TokenRequest', ['create']],
      );
      const binding = named(list, 'pods/binding');
      assert.deepEqual([binding['group'], binding['kind'], binding['verbs']], [undefined, 'Binding', ['create']]);
      assert.equal(named(list, 'namespaces')['verbs'].includes('deletecollection'), false);
      assert.deepEqual(named(list, 'namespaces/finalize')['verbs'], ['update']);
      const names: string[] = list['resources'].map((resource: Entry) => String(resource['name']));
      assert.deepEqual(names, names.toSorted());
    },
  },
  {
    id: 'discovery/singular-names',
    title: 'Discovery gives the singular name of built-in resources',
    source: 'CHANGELOG-1.27, "singularName in the API discovery of built-in types"',
    since: '1.27',
    mutation: {
      file: 'lab/kube/apiserver/http/discovery-documents.ts',
      find: 'singularName: resource.singular,',
      replace: "singularName: '',",
    },
    run: async (t) => {
      const list = await t.http.ok('GET', '/apis/apps/v1');
      assert.equal(named(list, 'deployments')['singularName'], 'deployment');
      assert.equal(named(list, 'deployments/scale')['singularName'], '');
    },
  },
  {
    id: 'discovery/groups',
    title:
      '/apis lists groups with their versions in the order of preference; each group has a document of the same form',
    source:
      'apiserver/pkg/endpoints/discovery/root.go, group.go; apimachinery/pkg/version: CompareKubeAwareVersionStrings',
    mutation: {
      file: 'lab/kube/apiserver/registry/version-priority.ts',
      find: "match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1",
      replace: "match[2] === undefined ? 1 : match[2] === 'beta' ? 2 : 3",
    },
    run: async (t) => {
      const group = await defineGauges(t);
      const document = await t.http.ok('GET', `/apis/${group}`);
      assert.deepEqual([document['kind'], document['apiVersion'], document['name']], ['APIGroup', 'v1', group]);
      assert.deepEqual(document['versions'], [
        { groupVersion: `${group}/v1`, version: 'v1' },
        { groupVersion: `${group}/v1beta1`, version: 'v1beta1' },
        { groupVersion: `${group}/v2alpha1`, version: 'v2alpha1' },
      ]);
      assert.deepEqual(document['preferredVersion'], { groupVersion: `${group}/v1`, version: 'v1' });
      const entry = await t.until('the group to be listed', async () => {
        const list = await t.http.ok('GET', '/apis');
        assert.deepEqual([list['kind'], list['apiVersion']], ['APIGroupList', 'v1']);
        return list['groups'].find((one: Entry) => one['name'] === group) as Entry | undefined;
      });
      assert.deepEqual(entry['versions'], document['versions']);
      const apps = await t.http.ok('GET', '/apis/apps/');
      assert.deepEqual(apps['preferredVersion'], { groupVersion: 'apps/v1', version: 'v1' });
    },
  },
  {
    id: 'discovery/custom-resources',
    title: 'A custom resource is discovered with its names, categories and subresources, verbs in an order of its own',
    source: 'apiextensions-apiserver/pkg/apiserver/customresource_discovery_controller.go',
    mutation: {
      file: 'lab/kube/apiserver/http/discovery.ts',
      find: 'if (definition.custom) return CUSTOM_VERBS;',
      replace: '',
    },
    run: async (t) => {
      const group = await defineGauges(t);
      const list = await t.http.ok('GET', `/apis/${group}/v1`);
      assert.deepEqual(
        [list['kind'], list['apiVersion'], list['groupVersion']],
        ['APIResourceList', 'v1', `${group}/v1`],
      );
      const own = named(list, 'gauges');
      assert.deepEqual(
        [own['singularName'], own['namespaced'], own['kind'], own['shortNames'], own['categories']],
        ['gauge', true, 'Gauge', ['gg'], ['all']],
      );
      assert.deepEqual(own['verbs'], [
        'delete',
        'deletecollection',
        'get',
        'list',
        'patch',
        'create',
        'update',
        'watch',
      ]);
      assert.deepEqual(named(list, 'gauges/status')['verbs'], ['get', 'patch', 'update']);
      const scale = named(list, 'gauges/scale');
      assert.deepEqual([scale['group'], scale['version'], scale['kind']], ['autoscaling', 'v1', 'Scale']);
    },
  },
  {
    id: 'discovery/aggregated',
    title: 'Everything in one document, for who asks so, in both versions; with a tag by which it is not sent twice',
    source:
      'docs: concepts/overview/kubernetes-api, "Aggregated discovery"; apiserver/pkg/endpoints/discovery/aggregated',
    since: '1.27',
    mutation: {
      file: 'lab/kube/apiserver/http/discovery-documents.ts',
      find: "scope: resource.namespaced ? 'Namespaced' : 'Cluster'",
      replace: "scope: resource.namespaced ? 'Cluster' : 'Namespaced'",
    },
    run: async (t) => {
      const group = await defineGauges(t);
      const gauges = await t.until('the group to be aggregated', async () => {
        const answer = await t.http.get('/apis', aggregated('v2beta1'));
        assert.equal(answer.body['kind'], 'APIGroupDiscoveryList');
        assert.equal(answer.body['apiVersion'], 'apidiscovery.k8s.io/v2beta1');
        return answer.body['items'].find((item: Entry) => item['metadata'].name === group) as Entry | undefined;
      });
      assert.deepEqual(
        gauges['versions'].map((version: Entry) => [version['version'], version['freshness']]),
        [
          ['v1', 'Current'],
          ['v1beta1', 'Current'],
          ['v2alpha1', 'Current'],
        ],
      );
      const resource = gauges['versions'][0].resources[0];
      assert.deepEqual(
        [resource.resource, resource.singularResource, resource.scope, resource.shortNames, resource.responseKind],
        ['gauges', 'gauge', 'Namespaced', ['gg'], { group, version: 'v1', kind: 'Gauge' }],
      );
      const scale = resource.subresources.find((sub: Entry) => sub['subresource'] === 'scale');
      assert.deepEqual(scale.responseKind, { group: 'autoscaling', version: 'v1', kind: 'Scale' });
      const core = await t.http.get('/api', aggregated('v2beta1'));
      assert.equal(core.body['items'].length, 1);
      assert.equal(core.body['items'][0].metadata.name, undefined);
      const tag = core.headers.etag ?? '';
      assert.match(tag, /^"[0-9A-F]{128}"$/);
      const again = await t.http.get('/api', {
        headers: { ...aggregated('v2beta1').headers, 'if-none-match': tag },
      });
      assert.deepEqual([again.code, again.text], [304, '']);
    },
  },
  {
    id: 'discovery/aggregated-v2',
    title:
      'The aggregated form is served as v2, its type saying so, and a client that asks for plain JSON first gets it all the same',
    source: 'CHANGELOG-1.30, "Promote AggregatedDiscovery to GA"; aggregated/wrapper.go',
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/http/discovery-documents.ts',
      find: "if (version === 'v2' || version === 'v2beta1') return version;",
      replace: "if (version === 'v2beta1') return version;",
    },
    run: async (t) => {
      const answer = await t.http.get('/apis', aggregated('v2'));
      assert.equal(answer.body['apiVersion'], 'apidiscovery.k8s.io/v2');
      assert.equal(
        answer.headers['content-type'],
        'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      );
      assert.equal((await t.http.get('/apis')).body['kind'], 'APIGroupList');
    },
  },
];
