// The complete list of built-in resources that the server serves.
import { createCompletion } from '../apply/always-written.ts';
import { createNewFields } from '../apply/new-fields.ts';
import { objectAt } from '../json.ts';
import { unqualifiedFinalizerFaults } from '../names.ts';
import type { Column, Definition, Rules, ScalePaths, Subresource, View, Walks } from '../registry/definition.ts';
import { createSeries } from '../registry/series.ts';
import { createDefaulter } from '../schema/defaulting.ts';
import type { TypeTable } from '../schema/notation.ts';
import type { Schema } from '../schema/schema.ts';
import {
  configMapColumns,
  endpointsColumns,
  eventColumns,
  namespaceColumns,
  nodeColumns,
  secretColumns,
  serviceAccountColumns,
  serviceColumns,
} from '../table/core-columns.ts';
import {
  bindingColumns,
  clusterBindingColumns,
  crdColumns,
  daemonSetColumns,
  deploymentColumns,
  leaseColumns,
  priorityClassColumns,
  replicaSetColumns,
  roleColumns,
  webhookColumns,
} from '../table/group-columns.ts';
import {
  controllerRevisionColumns,
  endpointSliceColumns,
  jobColumns,
  networkPolicyColumns,
  statefulSetColumns,
} from '../table/later-columns.ts';
import { podColumns } from '../table/pod-columns.ts';
import { limitRangeColumns, resourceQuotaColumns } from '../table/limit-columns.ts';
import { admissionPolicyBindingColumns, admissionPolicyColumns } from '../table/policy-columns.ts';
import { eventView } from './event-view.ts';
import { kindRules } from './rules/index.ts';
import { typeOf } from './schemas.ts';
import { createZeroDropper } from './zero-values.ts';
import { kindFields, metadataFields } from './selectable-fields.ts';

interface Kind {
  readonly plural: string;
  /** The name of its type, rules and selectable fields; default: the kind. */
  readonly type?: string;
  readonly view?: View;
  readonly columns: readonly Column[];
  readonly cluster?: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly Subresource[];
  readonly scale?: ScalePaths;
}

const viewedEventColumns: readonly Column[] = eventColumns.map((column) => ({
  ...column,
  value: (event, now) => column.value(eventView.toStored(event), now),
}));

const replicas: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
};
const all = ['all'];
const withStatus: readonly Subresource[] = ['status'];

const core: Readonly<Record<string, Kind>> = {
  ConfigMap: { plural: 'configmaps', columns: configMapColumns, shortNames: ['cm'] },
  Endpoints: { plural: 'endpoints', columns: endpointsColumns, shortNames: ['ep'] },
  Event: { plural: 'events', columns: eventColumns, shortNames: ['ev'] },
  Namespace: {
    plural: 'namespaces',
    columns: namespaceColumns,
    cluster: true,
    shortNames: ['ns'],
    subresources: ['status', 'finalize'],
  },
  Node: { plural: 'nodes', columns: nodeColumns, cluster: true, shortNames: ['no'], subresources: withStatus },
  Pod: {
    plural: 'pods',
    columns: podColumns,
    shortNames: ['po'],
    categories: all,
    subresources: ['status', 'binding', 'eviction', 'exec', 'attach', 'portforward', 'log'],
  },
  LimitRange: { plural: 'limitranges', columns: limitRangeColumns, shortNames: ['limits'] },
  ResourceQuota: { plural: 'resourcequotas', columns: resourceQuotaColumns, shortNames: ['quota'] },
  Secret: { plural: 'secrets', columns: secretColumns },
  ServiceAccount: {
    plural: 'serviceaccounts',
    columns: serviceAccountColumns,
    shortNames: ['sa'],
    subresources: ['token'],
  },
  Service: {
    plural: 'services',
    columns: serviceColumns,
    shortNames: ['svc'],
    categories: all,
    subresources: withStatus,
  },
};

const apps: Readonly<Record<string, Kind>> = {
  ControllerRevision: { plural: 'controllerrevisions', columns: controllerRevisionColumns },
  DaemonSet: {
    plural: 'daemonsets',
    columns: daemonSetColumns,
    shortNames: ['ds'],
    categories: all,
    subresources: withStatus,
  },
  Deployment: {
    plural: 'deployments',
    columns: deploymentColumns,
    shortNames: ['deploy'],
    categories: all,
    subresources: ['status', 'scale'],
    scale: replicas,
  },
  ReplicaSet: {
    plural: 'replicasets',
    columns: replicaSetColumns,
    shortNames: ['rs'],
    categories: all,
    subresources: ['status', 'scale'],
    scale: replicas,
  },
  StatefulSet: {
    plural: 'statefulsets',
    columns: statefulSetColumns,
    shortNames: ['sts'],
    categories: all,
    subresources: ['status', 'scale'],
    scale: replicas,
  },
};

const rbac: Readonly<Record<string, Kind>> = {
  ClusterRoleBinding: { plural: 'clusterrolebindings', columns: clusterBindingColumns, cluster: true },
  ClusterRole: { plural: 'clusterroles', columns: roleColumns, cluster: true },
  RoleBinding: { plural: 'rolebindings', columns: bindingColumns },
  Role: { plural: 'roles', columns: roleColumns },
};

const admission: Readonly<Record<string, Kind>> = {
  MutatingWebhookConfiguration: { plural: 'mutatingwebhookconfigurations', columns: webhookColumns, cluster: true },
  ValidatingWebhookConfiguration: { plural: 'validatingwebhookconfigurations', columns: webhookColumns, cluster: true },
  ValidatingAdmissionPolicy: {
    plural: 'validatingadmissionpolicies',
    columns: admissionPolicyColumns,
    cluster: true,
    subresources: withStatus,
  },
  ValidatingAdmissionPolicyBinding: {
    plural: 'validatingadmissionpolicybindings',
    columns: admissionPolicyBindingColumns,
    cluster: true,
  },
};

const groups: readonly { readonly group: string; readonly kinds: Readonly<Record<string, Kind>> }[] = [
  { group: '', kinds: core },
  { group: 'apps', kinds: apps },
  {
    group: 'batch',
    kinds: { Job: { plural: 'jobs', columns: jobColumns, categories: all, subresources: withStatus } },
  },
  { group: 'coordination.k8s.io', kinds: { Lease: { plural: 'leases', columns: leaseColumns } } },
  { group: 'discovery.k8s.io', kinds: { EndpointSlice: { plural: 'endpointslices', columns: endpointSliceColumns } } },
  {
    group: 'events.k8s.io',
    kinds: {
      Event: {
        plural: 'events',
        type: 'EventOfEvents',
        view: eventView,
        columns: viewedEventColumns,
        shortNames: ['ev'],
      },
    },
  },
  {
    group: 'networking.k8s.io',
    kinds: { NetworkPolicy: { plural: 'networkpolicies', columns: networkPolicyColumns, shortNames: ['netpol'] } },
  },
  { group: 'rbac.authorization.k8s.io', kinds: rbac },
  { group: 'admissionregistration.k8s.io', kinds: admission },
  {
    group: 'apiextensions.k8s.io',
    kinds: {
      CustomResourceDefinition: {
        plural: 'customresourcedefinitions',
        columns: crdColumns,
        cluster: true,
        shortNames: ['crd', 'crds'],
        categories: ['api-extensions'],
        subresources: withStatus,
      },
    },
  },
  {
    group: 'scheduling.k8s.io',
    kinds: {
      PriorityClass: { plural: 'priorityclasses', columns: priorityClassColumns, cluster: true, shortNames: ['pc'] },
    },
  },
];

/** Every built-in resource; all are served as version v1. */
export function builtInDefinitions(types: TypeTable): readonly Definition[] {
  const shared: Shared = {
    types,
    dropZeroValues: createZeroDropper(),
    walks: { applyDefaults: createDefaulter(), complete: createCompletion(), fieldsOfNew: createNewFields() },
  };
  return groups.flatMap(({ group, kinds }) =>
    Object.entries(kinds).map(([kind, entry]) => define(group, kind, entry, shared)),
  );
}

/** What all kinds of one server use together. */
interface Shared {
  readonly types: TypeTable;
  readonly dropZeroValues: (value: unknown, schema: Schema) => void;
  readonly walks: Walks;
}

/** Built-in kinds forget zero values, and judge finalizers more strictly than custom kinds. */
const asBuiltIn = (rules: Rules, schema: Schema, { dropZeroValues }: Shared): Rules => ({
  ...rules,
  applyDefaults(draft) {
    dropZeroValues(draft, schema);
    rules.applyDefaults?.(draft);
  },
  validate: (object, context) => [
    ...unqualifiedFinalizerFaults(object.metadata),
    ...(rules.validate?.(object, context) ?? []),
    ...(context.specIsSound === true ? [] : (rules.specFaults?.(objectAt(object, 'spec')) ?? [])),
  ],
});

function define(group: string, kind: string, entry: Kind, shared: Shared): Definition {
  const namespaced = entry.cluster !== true;
  const type = entry.type ?? kind;
  const schema = typeOf(shared.types, type);
  const rules = asBuiltIn(kindRules[type] ?? {}, schema, shared);
  return {
    group,
    version: 'v1',
    plural: entry.plural,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    namespaced,
    shortNames: entry.shortNames ?? [],
    categories: entry.categories ?? [],
    subresources: entry.subresources ?? [],
    schema,
    custom: false,
    fields: { ...metadataFields(namespaced), ...kindFields[type] },
    columns: entry.columns,
    rules,
    walks: shared.walks,
    ...(rules.drawnName === undefined ? {} : { series: createSeries(rules.drawnName) }),
    ...(entry.scale === undefined ? {} : { scale: entry.scale }),
    ...(entry.view === undefined ? {} : { view: entry.view }),
  };
}
