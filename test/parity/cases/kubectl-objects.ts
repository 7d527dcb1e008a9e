// Objects that the kubectl cases start from.
import type { ParityContext } from '../context.ts';

export const configMap = (name: string, data: object = { key: 'one' }, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

/** Without replicas, so that no controller of a real server makes Pods. */
export const deployment = (name: string, spec: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name } },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'nginx:1' }] } },
    ...spec,
  },
});

/** Never scheduled: it names a scheduler that nobody runs. */
export const pod = (name: string, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { schedulerName: 'nobody', containers: [{ name: 'main', image: 'nginx:1' }] },
});

export const makePods = async (t: ParityContext, ...names: readonly string[]): Promise<void> => {
  for (const name of names) await t.http.ok('POST', `${t.core}/pods`, pod(name, { labels: { app: name } }));
};

/** A kind of the case's own: group, path and definition; removed afterwards. */
export async function makeKind(t: ParityContext): Promise<{ readonly group: string; readonly path: string }> {
  const group = `${t.unique('g')}.example.com`;
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const name = `widgets.${group}`;
  t.defer(() => t.http.call('DELETE', `${definitions}/${name}`));
  await t.http.ok('POST', definitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wdg'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'A thing of some size.',
              properties: {
                spec: { type: 'object', properties: { size: { type: 'integer', description: 'How big it is.' } } },
              },
            },
          },
        },
      ],
    },
  });
  const path = `/apis/${group}/v1/namespaces/${t.namespace}/widgets`;
  await t.until(`${name} to be served`, async () => ((await t.http.get(path)).code === 200 ? true : undefined));
  return { group, path };
}
