// Pods: defaults, the words of refusals, and what may change afterwards.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { assertInvalid } from './refusal.ts';

const RULES = 'lab/kube/apiserver/builtin/rules';
const VALIDATION = 'pkg/apis/core/validation/validation.go';

const create = (t: ParityContext, spec: object, metadata: object = { name: 'p' }): Promise<Answer> =>
  t.http.call('POST', `${t.core}/pods`, { metadata, spec });
const withContainer = (t: ParityContext, container: object, spec: object = {}): Promise<Answer> =>
  create(t, { ...spec, containers: [{ name: 'a', image: 'nginx', ...container }] });

export const kindsOfPodsCases: readonly ParityCase[] = [
  {
    id: 'kinds/pod-defaults',
    title: 'A Pod gets its defaults: policies, scheduler, probes, ports, requests from limits, and a status',
    source: 'pkg/apis/core/v1/defaults.go SetDefaults_PodSpec, SetDefaults_Container, SetDefaults_Probe',
    mutation: {
      file: `${RULES}/pod-defaults.ts`,
      find: "setDefault(probe, 'periodSeconds', 10)",
      replace: "setDefault(probe, 'periodSeconds', 11)",
    },
    run: async (t) => {
      const { code, body, text } = await withContainer(t, {
        image: 'registry:5000/nginx',
        ports: [{ containerPort: 80 }],
        livenessProbe: { httpGet: { port: 80 } },
        resources: { limits: { cpu: '1', memory: '0.5Gi' } },
        lifecycle: { preStop: { httpGet: { port: 'web' } } },
      });
      assert.equal(code, 201, text);
      const { spec, status } = body as {
        spec: Record<string, unknown> & { containers: [Record<string, unknown>] };
        status: unknown;
      };
      const { volumeMounts: _mounts, ...container } = spec.containers[0];
      assert.deepEqual(container, {
        name: 'a',
        image: 'registry:5000/nginx',
        imagePullPolicy: 'Always',
        lifecycle: { preStop: { httpGet: { path: '/', port: 'web', scheme: 'HTTP' } } },
        livenessProbe: {
          failureThreshold: 3,
          httpGet: { path: '/', port: 80, scheme: 'HTTP' },
          periodSeconds: 10,
          successThreshold: 1,
          timeoutSeconds: 1,
        },
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        resources: { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '1', memory: '512Mi' } },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      });
      const {
        dnsPolicy,
        enableServiceLinks,
        restartPolicy,
        schedulerName,
        securityContext,
        serviceAccount,
        serviceAccountName,
        terminationGracePeriodSeconds,
      } = spec;
      assert.deepEqual(
        {
          dnsPolicy,
          enableServiceLinks,
          restartPolicy,
          schedulerName,
          securityContext,
          serviceAccount,
          serviceAccountName,
          terminationGracePeriodSeconds,
        },
        {
          dnsPolicy: 'ClusterFirst',
          enableServiceLinks: true,
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          serviceAccount: 'default',
          serviceAccountName: 'default',
          terminationGracePeriodSeconds: 30,
        },
      );
      assert.deepEqual(status, { phase: 'Pending', qosClass: 'Guaranteed' });
    },
  },
  {
    id: 'kinds/pod-zero-values-are-forgotten',
    title: 'Empty words, zeros and false of fields that are held by value do not come back; those held by pointer do',
    source: 'staging/src/k8s.io/api/core/v1/types.go (omitempty, pointers)',
    mutation: {
      file: 'lab/kube/apiserver/builtin/zero-values.ts',
      find: "value === '' || value === 0",
      replace: 'value === 0',
    },
    run: async (t) => {
      const { body } = await create(t, {
        hostname: '',
        hostNetwork: false,
        terminationGracePeriodSeconds: 0,
        shareProcessNamespace: false,
        containers: [
          {
            name: 'a',
            image: 'nginx',
            stdin: false,
            env: [{ name: 'EMPTY', value: '' }],
            workingDir: '',
            securityContext: { runAsUser: 0 },
          },
        ],
      });
      const { spec } = body as { spec: Record<string, unknown> & { containers: [Record<string, unknown>] } };
      for (const name of ['hostname', 'hostNetwork']) assert.ok(!(name in spec), name);
      assert.equal(spec['terminationGracePeriodSeconds'], 0);
      assert.equal(spec['shareProcessNamespace'], false);
      const [container] = spec.containers;
      for (const name of ['stdin', 'workingDir']) assert.ok(!(name in container), name);
      assert.deepEqual(container['env'], [{ name: 'EMPTY' }]);
      assert.deepEqual(container['securityContext'], { runAsUser: 0 });
    },
  },
  {
    id: 'kinds/pod-container-names',
    title: 'Containers need names and images, and no two may share a name, init containers included',
    source: `${VALIDATION} validateContainers, validateInitContainers`,
    mutation: {
      file: `${RULES}/container-validation.ts`,
      find: '...(repeated ? [duplicate(`${at}.name`, name)] : []),\n      ...hostPort',
      replace: '...hostPort',
    },
    run: async (t) => {
      assertInvalid(await create(t, { containers: [] }), 'Pod "p"', ['spec.containers: Required value']);
      assertInvalid(
        await create(t, {
          containers: [{ name: 'a', image: 'x' }, { name: 'a', image: 'y' }, {}],
          initContainers: [{ name: 'a', image: 'z' }],
        }),
        'Pod "p"',
        [
          'spec.containers[1].name: Duplicate value: "a"',
          'spec.containers[2].name: Required value',
          'spec.containers[2].image: Required value',
          'spec.initContainers[0].name: Duplicate value: "a"',
        ],
      );
      const label =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
      assertInvalid(await withContainer(t, { name: 'A_b' }), 'Pod "p"', [
        `spec.containers[0].name: Invalid value: "A_b": ${label}`,
      ]);
      assertInvalid(await withContainer(t, { image: ' nginx' }), 'Pod "p"', [
        'spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace',
      ]);
    },
  },
  {
    id: 'kinds/pod-ports',
    title: 'Ports are numbers in range with protocols and short names; host ports collide, and follow the host network',
    source: `${VALIDATION} validateContainerPorts, checkHostPortConflicts, validateHostNetwork`,
    mutation: {
      file: `${RULES}/container-validation.ts`,
      find: 'if (taken.has(key)) return',
      replace: 'if (key === "") return',
    },
    run: async (t) => {
      const at = 'spec.containers[0].ports';
      assertInvalid(
        await withContainer(t, {
          ports: [
            { name: 'web', containerPort: 0 },
            { name: 'web', containerPort: 70_000 },
            { name: 'name--that-is-too-long-', containerPort: 80, protocol: 'ICMP' },
            { containerPort: 81, hostPort: 81 },
            { containerPort: 82, hostPort: 81 },
          ],
        }),
        'Pod "p"',
        [
          `${at}[0].containerPort: Required value`,
          `${at}[1].name: Duplicate value: "web"`,
          `${at}[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`,
          `${at}[2].name: Invalid value: "name--that-is-too-long-": must be no more than 15 characters`,
          `${at}[2].name: Invalid value: "name--that-is-too-long-": must not contain consecutive hyphens`,
          `${at}[2].name: Invalid value: "name--that-is-too-long-": must not begin or end with a hyphen`,
          `${at}[2].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"`,
          `${at}[4].hostPort: Duplicate value: "TCP//81"`,
        ],
      );
      assertInvalid(
        await withContainer(t, { ports: [{ containerPort: 80, hostPort: 81 }] }, { hostNetwork: true }),
        'Pod "p"',
        [`${at}[0].containerPort: Invalid value: 80: must match \`hostPort\` when \`hostNetwork\` is true`],
      );
      const { body } = await withContainer(t, { ports: [{ containerPort: 80 }] }, { hostNetwork: true });
      assert.deepEqual(body['spec'].containers[0].ports, [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
    },
  },
  {
    id: 'kinds/pod-environment',
    title: 'Variables need a name that a shell can take and one source; a field of the Pod must be one that can be had',
    source: `${VALIDATION} ValidateEnv, validateEnvVarValueFrom, ValidateEnvFrom`,
    mutation: {
      file: `${RULES}/env-validation.ts`,
      find: "? 'may not be specified when `value` is not empty'",
      replace: '? undefined',
    },
    run: async (t) => {
      const at = 'spec.containers[0]';
      const name =
        "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";
      assertInvalid(
        await withContainer(t, {
          env: [
            { name: '1 2', value: 'x' },
            { value: 'x' },
            { name: 'BOTH', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'NONE', valueFrom: {} },
            { name: 'FIELD', valueFrom: { fieldRef: { fieldPath: 'status.weather' } } },
            { name: 'KEY', valueFrom: { secretKeyRef: { name: 's' } } },
          ],
          envFrom: [{}],
        }),
        'Pod "p"',
        [
          `${at}.env[0].name: Invalid value: "1 2": ${name}`,
          `${at}.env[1].name: Required value`,
          `${at}.env[2].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
          `${at}.env[3].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
          `${at}.env[4].valueFrom.fieldRef.fieldPath: Invalid value: "status.weather": error converting fieldPath: field label not supported: status.weather`,
          `${at}.env[5].valueFrom.secretKeyRef.key: Required value`,
          `${at}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``,
        ],
      );
    },
  },
  {
    id: 'kinds/pod-volumes',
    title: 'Volumes have one source and a name of their own, mounts name a volume and a path of their own',
    source: `${VALIDATION} ValidateVolumes, ValidateVolumeMounts`,
    mutation: {
      file: `${RULES}/container-validation.ts`,
      find: '...(volumes.includes(name) ? [] : [notFoundValue(`${at}.name`, name)]),',
      replace: '',
    },
    run: async (t) => {
      const mounts = 'spec.containers[0].volumeMounts';
      assertInvalid(
        await withContainer(
          t,
          {
            volumeMounts: [
              { name: 'data', mountPath: '/data' },
              { name: 'data', mountPath: '/data' },
              { name: 'absent', mountPath: '/absent' },
              { name: 'data', mountPath: '/up', subPath: '../up' },
            ],
          },
          {
            volumes: [
              { name: 'data', emptyDir: {} },
              { name: 'data', emptyDir: {} },
              { name: 'two', emptyDir: {}, hostPath: { path: '/x' } },
              { name: 'host', hostPath: { path: '/a/../b', type: 'Door' } },
              { name: 'secret', secret: { defaultMode: 1000 } },
            ],
          },
        ),
        'Pod "p"',
        [
          'spec.volumes[1].name: Duplicate value: "data"',
          'spec.volumes[2].hostPath: Forbidden: may not specify more than 1 volume type',
          'spec.volumes[3].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
          'spec.volumes[3].hostPath.type: Unsupported value: "Door": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
          'spec.volumes[4].secret.secretName: Required value',
          'spec.volumes[4].secret.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive',
          `${mounts}[1].mountPath: Invalid value: "/data": must be unique`,
          `${mounts}[2].name: Not found: "absent"`,
          `${mounts}.subPath: Invalid value: "../up": must not contain '..'`,
        ],
      );
      const { body } = await create(t, {
        containers: [{ name: 'a', image: 'nginx' }],
        volumes: [{ name: 'nothing' }, { name: 'host', hostPath: { path: '/x' } }],
      });
      assert.deepEqual(body['spec'].volumes.slice(0, 2), [
        { name: 'nothing', emptyDir: {} },
        { name: 'host', hostPath: { path: '/x', type: '' } },
      ]);
    },
  },
];
