// Every group, version, resource and subresource that Kubernetes 1.30 serves without further flags: what a client may expect to be there.

/** One resource of the release. */
export interface ReleaseResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly subresources: readonly string[];
}

/** A group and version a line (`v1` is the core group), groups in the order of discovery; subresources in parentheses. Source: discovery of release 1.30. */
const RELEASE = `
v1 bindings componentstatuses configmaps endpoints events limitranges namespaces(finalize,status) nodes(proxy,status)
v1 persistentvolumeclaims(status) persistentvolumes(status) podtemplates replicationcontrollers(scale,status)
v1 pods(attach,binding,ephemeralcontainers,eviction,exec,log,portforward,proxy,status) resourcequotas(status) secrets
v1 serviceaccounts(token) services(proxy,status)
apiregistration.k8s.io/v1 apiservices(status)
apps/v1 controllerrevisions daemonsets(status) deployments(scale,status) replicasets(scale,status) statefulsets(scale,status)
events.k8s.io/v1 events
authentication.k8s.io/v1 selfsubjectreviews tokenreviews
authorization.k8s.io/v1 localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews
autoscaling/v2 horizontalpodautoscalers(status)
autoscaling/v1 horizontalpodautoscalers(status)
batch/v1 cronjobs(status) jobs(status)
certificates.k8s.io/v1 certificatesigningrequests(approval,status)
networking.k8s.io/v1 ingressclasses ingresses(status) networkpolicies
policy/v1 poddisruptionbudgets(status)
rbac.authorization.k8s.io/v1 clusterrolebindings clusterroles rolebindings roles
storage.k8s.io/v1 csidrivers csinodes csistoragecapacities storageclasses volumeattachments(status)
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations validatingwebhookconfigurations
admissionregistration.k8s.io/v1 validatingadmissionpolicies(status) validatingadmissionpolicybindings
apiextensions.k8s.io/v1 customresourcedefinitions(status)
scheduling.k8s.io/v1 priorityclasses
coordination.k8s.io/v1 leases
node.k8s.io/v1 runtimeclasses
discovery.k8s.io/v1 endpointslices
flowcontrol.apiserver.k8s.io/v1 flowschemas(status) prioritylevelconfigurations(status)
flowcontrol.apiserver.k8s.io/v1beta3 flowschemas(status) prioritylevelconfigurations(status)
`;

/** Everything in the release, in the order of the table. */
export function releaseResources(): readonly ReleaseResource[] {
  return RELEASE.trim()
    .split('\n')
    .flatMap((line) => {
      const [groupVersion = '', ...words] = line.split(' ');
      const [first = '', second] = groupVersion.split('/');
      const [group, version] = second === undefined ? ['', first] : [first, second];
      return words.map((word) => {
        const [plural = '', inside = ''] = word.replace(')', '').split('(');
        return { group, version, plural, subresources: inside === '' ? [] : inside.split(',') };
      });
    });
}

/** The groups of the release, in the order in which discovery names them. */
export const releaseGroups = (): readonly string[] => [...new Set(releaseResources().map(({ group }) => group))];
