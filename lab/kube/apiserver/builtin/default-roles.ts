// The ClusterRoles and bindings that a cluster has from the start, in a notation of one line per rule.
import type { ApiObject, JsonObject } from '../json.ts';

const RBAC = 'rbac.authorization.k8s.io';
const LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const ANNOTATIONS = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };

/**
 * A line is `verbs | groups | resources [| names]`, or `verbs | /path ...`; `core` is the group without a name, `READ` and `WRITE` stand
 * for the verbs that read and that write. Source: bootstrappolicy of Kubernetes 1.30, without roles of its own controllers.
 */
const roles: Readonly<Record<string, string>> = {
  'cluster-admin': `
    * | * | *
    * | *`,
  'system:discovery': `
    get | /api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/`,
  'system:monitoring': `
    get | /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*`,
  'system:basic-user': `
    create | authorization.k8s.io | selfsubjectaccessreviews selfsubjectrulesreviews
    create | authentication.k8s.io | selfsubjectreviews`,
  'system:public-info-viewer': `
    get | /healthz /livez /readyz /version /version/`,
  'system:service-account-issuer-discovery': `
    get | /.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/`,
  'system:aggregate-to-admin': `
    create | authorization.k8s.io | localsubjectaccessreviews
    create delete deletecollection get list patch update watch | rbac.authorization.k8s.io | rolebindings roles`,
  'system:aggregate-to-edit': `
    READ | core | pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy
    impersonate | core | serviceaccounts
    WRITE | core | pods pods/attach pods/exec pods/portforward pods/proxy
    create | core | pods/eviction
    WRITE | core | configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy
    create | core | serviceaccounts/token
    WRITE | apps | daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale
    WRITE | autoscaling | horizontalpodautoscalers
    WRITE | batch | cronjobs jobs
    WRITE | extensions | daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale
    WRITE | policy | poddisruptionbudgets
    WRITE | networking.k8s.io | ingresses networkpolicies
    create delete deletecollection get list patch update watch | coordination.k8s.io | leases`,
  'system:aggregate-to-view': `
    READ | core | configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status
    READ | core | bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status
    READ | core | namespaces
    READ | discovery.k8s.io | endpointslices
    READ | apps | controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status
    READ | autoscaling | horizontalpodautoscalers horizontalpodautoscalers/status
    READ | batch | cronjobs cronjobs/status jobs jobs/status
    READ | extensions | daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale
    READ | policy | poddisruptionbudgets poddisruptionbudgets/status
    READ | networking.k8s.io | ingresses ingresses/status networkpolicies`,
  'system:auth-delegator': `
    create | authentication.k8s.io | tokenreviews
    create | authorization.k8s.io | subjectaccessreviews`,
  'system:kube-aggregator': `
    READ | core | endpoints services`,
  'system:kube-dns': `
    list watch | core | endpoints services`,
  'system:kubelet-api-admin': `
    READ | core | nodes
    proxy | core | nodes
    * | core | nodes/log nodes/metrics nodes/proxy nodes/stats`,
  'system:node': `
    create | authentication.k8s.io | tokenreviews
    create | authorization.k8s.io | localsubjectaccessreviews subjectaccessreviews
    READ | core | services
    create READ | core | nodes
    patch update | core | nodes/status
    patch update | core | nodes
    create patch update | core | events
    READ | core | pods
    create delete | core | pods
    patch update | core | pods/status
    create | core | pods/eviction
    READ | core | configmaps secrets
    get | core | persistentvolumeclaims persistentvolumes
    get | core | endpoints
    create READ | certificates.k8s.io | certificatesigningrequests
    create delete get patch update | coordination.k8s.io | leases
    get | storage.k8s.io | volumeattachments
    create | core | serviceaccounts/token
    get patch update | core | persistentvolumeclaims/status
    READ | storage.k8s.io | csidrivers
    create delete get patch update | storage.k8s.io | csinodes
    READ | node.k8s.io | runtimeclasses`,
  'system:node-bootstrapper': `
    create READ | certificates.k8s.io | certificatesigningrequests`,
  'system:node-problem-detector': `
    get | core | nodes
    patch | core | nodes/status
    create patch update | core events.k8s.io | events`,
  'system:node-proxier': `
    list watch | core | endpoints services
    READ | core | nodes
    create patch update | core events.k8s.io | events
    list watch | discovery.k8s.io | endpointslices`,
  'system:kube-controller-manager': `
    create patch update | core events.k8s.io | events
    create | coordination.k8s.io | leases
    get update | coordination.k8s.io | leases | kube-controller-manager
    create | core | secrets serviceaccounts
    delete | core | secrets
    get | core | configmaps namespaces secrets serviceaccounts
    update | core | secrets serviceaccounts
    create | authentication.k8s.io | tokenreviews
    create | authorization.k8s.io | subjectaccessreviews
    list watch | * | *
    create | core | serviceaccounts/token`,
  'system:kube-scheduler': `
    create patch update | core events.k8s.io | events
    create | coordination.k8s.io | leases
    get update | coordination.k8s.io | leases | kube-scheduler
    READ | core | nodes
    delete READ | core | pods
    create | core | bindings pods/binding
    patch update | core | pods/status
    READ | core | replicationcontrollers services
    READ | apps extensions | replicasets
    READ | apps | statefulsets
    READ | policy | poddisruptionbudgets
    READ | core | persistentvolumeclaims persistentvolumes
    create | authentication.k8s.io | tokenreviews
    create | authorization.k8s.io | subjectaccessreviews
    READ | storage.k8s.io | csinodes
    READ | core | namespaces
    READ | storage.k8s.io | csidrivers
    READ | storage.k8s.io | csistoragecapacities`,
  'system:volume-scheduler': `
    get list patch update watch | core | persistentvolumes
    READ | storage.k8s.io | storageclasses
    get list patch update watch | core | persistentvolumeclaims`,
};

/** Roles without rules of their own: a controller gathers them by label. */
const aggregated: Readonly<Record<string, { readonly gathers: string; readonly joins?: string }>> = {
  admin: { gathers: 'admin' },
  edit: { gathers: 'edit', joins: 'admin' },
  view: { gathers: 'view', joins: 'edit' },
};

const aggregationLabel = (role: string): JsonObject => ({ [`${RBAC}/aggregate-to-${role}`]: 'true' });

const verbsOf: Readonly<Record<string, readonly string[]>> = {
  READ: ['get', 'list', 'watch'],
  WRITE: ['create', 'delete', 'deletecollection', 'patch', 'update'],
};

function ruleOf(line: string): JsonObject {
  const words = (text: string | undefined): string[] => (text ?? '').trim().split(/\s+/);
  const [verbs, groups, resources, names] = line.split('|');
  const allVerbs = words(verbs).flatMap((word) => verbsOf[word] ?? [word]);
  const verbList = allVerbs.length > 1 ? [...new Set(allVerbs)].sort() : allVerbs;
  if (resources === undefined) return { nonResourceURLs: words(groups), verbs: verbList };
  return {
    apiGroups: words(groups).map((group) => (group === 'core' ? '' : group)),
    ...(names === undefined ? {} : { resourceNames: words(names) }),
    resources: words(resources),
    verbs: verbList,
  };
}

/** The rules of a default ClusterRole; none for a name that is not one. */
export const roleNamed = (name: string): JsonObject[] =>
  (roles[name] ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(ruleOf);

function rbacObject(kind: string, name: string, labels: JsonObject, rest: JsonObject): ApiObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: { name, labels: { ...LABELS, ...labels } as Record<string, string>, annotations: ANNOTATIONS },
    ...rest,
  };
}

const joined: Readonly<Record<string, string>> = {
  'system:aggregate-to-admin': 'admin',
  'system:aggregate-to-edit': 'edit',
  'system:aggregate-to-view': 'view',
};

/** Every default ClusterRole. */
export function defaultClusterRoles(): ApiObject[] {
  const plain = Object.keys(roles).map((name) => {
    const target = joined[name];
    return rbacObject('ClusterRole', name, target === undefined ? {} : aggregationLabel(target), {
      rules: roleNamed(name),
    });
  });
  const gathering = Object.entries(aggregated).map(([name, { gathers, joins }]) =>
    rbacObject('ClusterRole', name, joins === undefined ? {} : aggregationLabel(joins), {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregationLabel(gathers) }] },
    }),
  );
  return [...plain, ...gathering];
}

const subjects: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['Group system:masters'],
  'system:discovery': ['Group system:authenticated'],
  'system:monitoring': ['Group system:monitoring'],
  'system:basic-user': ['Group system:authenticated'],
  'system:public-info-viewer': ['Group system:authenticated', 'Group system:unauthenticated'],
  'system:service-account-issuer-discovery': ['Group system:serviceaccounts'],
  'system:node': [],
  'system:node-proxier': ['User system:kube-proxy'],
  'system:kube-controller-manager': ['User system:kube-controller-manager'],
  'system:kube-dns': ['ServiceAccount kube-dns'],
  'system:kube-scheduler': ['User system:kube-scheduler'],
  'system:volume-scheduler': ['User system:kube-scheduler'],
};

/** Every default ClusterRoleBinding; each is named as its role, but that of the volumes' part of the scheduler. */
export function defaultClusterRoleBindings(): ApiObject[] {
  return Object.entries(subjects).map(([name, who]) =>
    rbacObject(
      'ClusterRoleBinding',
      name,
      {},
      {
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
        ...(who.length === 0 ? {} : { subjects: who.map(subjectOf) }),
      },
    ),
  );
}

function subjectOf(text: string): JsonObject {
  const [kind = '', name = ''] = text.split(' ');
  return kind === 'ServiceAccount' ? { kind, name, namespace: 'kube-system' } : { apiGroup: RBAC, kind, name };
}

/** The roles that programs of the control plane and API extensions have in kube-system, and who holds them. */
export function defaultSystemRoles(): ApiObject[] {
  const reader = 'extension-apiserver-authentication-reader';
  const inSystem = (object: ApiObject): ApiObject => ({
    ...object,
    metadata: { ...object.metadata, namespace: 'kube-system' },
  });
  return [
    inSystem(
      rbacObject(
        'Role',
        reader,
        {},
        {
          rules: [ruleOf('READ | core | configmaps | extension-apiserver-authentication')],
        },
      ),
    ),
    inSystem(
      rbacObject(
        'RoleBinding',
        `system::${reader}`,
        {},
        {
          roleRef: { apiGroup: RBAC, kind: 'Role', name: reader },
          subjects: ['User system:kube-controller-manager', 'User system:kube-scheduler'].map(subjectOf),
        },
      ),
    ),
  ];
}
