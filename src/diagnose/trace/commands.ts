// The exact command lines that mend a cause, quoted for a shell.
import { objectNames } from '../../api/keys.ts';
import type { Direction } from '../../securitygroup/rule.ts';
import type { Cure, FlowProtocol } from './trace.ts';

/** As a POSIX shell takes it for one word. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Words in pairs of name and value where that is how the tool reads them; a line is all of them, one after the other. */
export const line = (...parts: readonly (readonly string[])[]): string => parts.flat().map(shellWord).join(' ');

export interface OpenRule {
  readonly groupId: string;
  readonly direction: Direction;
  readonly protocol: FlowProtocol;
  readonly port: number | undefined;
  /** The other side, an address. */
  readonly peer: string;
  /** Before this rule of the group, which drops it; absent: behind all rules. */
  readonly before?: number | undefined;
}

/** An ACCEPT for exactly this flow (spec 003: from the caller's address to the port that the container listens on). */
export function openFlow(rule: OpenRule): Cure {
  const side = rule.direction === 'ingress' ? 'Ingress' : 'Egress';
  const set = `--SecurityGroupPolicySet.${side}.0`;
  // Only inserting in front is certain: what another index means while lists change is not (facts, Tencent Cloud API, section 11).
  const place = rule.before === undefined ? [] : [`${set}.PolicyIndex`, '0'];
  return {
    tool: 'tccli',
    command: line(
      ['tccli', 'vpc', 'CreateSecurityGroupPolicies', '--cli-unfold-argument', '--SecurityGroupId', rule.groupId],
      place,
      [`${set}.Protocol`, rule.protocol],
      [`${set}.Port`, rule.port === undefined ? 'ALL' : String(rule.port)],
      [`${set}.CidrBlock`, `${rule.peer}/32`],
      [`${set}.Action`, 'ACCEPT'],
    ),
    ...(rule.before === undefined ? {} : { note: `in front of the rule that drops it (index ${rule.before})` }),
  };
}

/** An enabled route of type EIP beside the one to the NAT gateway: it goes first for senders that have an EIP (spec 004). */
export function preferEip(routeTableId: string, destination: string): Cure {
  return {
    tool: 'tccli',
    command: line(
      ['tccli', 'vpc', 'CreateRoutes', '--cli-unfold-argument', '--RouteTableId', routeTableId],
      ['--Routes.0.DestinationCidrBlock', destination, '--Routes.0.GatewayType', 'EIP', '--Routes.0.GatewayId', '0'],
    ),
    note: 'senders without an EIP stay with the NAT gateway',
  };
}

/** A merge patch of a cluster-scoped or namespaced object. */
export function patch(kind: string, name: string, namespace: string | undefined, body: unknown, note?: string): Cure {
  return {
    tool: 'kubectl',
    command: line(['kubectl', 'patch', kind, name], namespace === undefined ? [] : ['-n', namespace], [
      '--type',
      'merge',
      '-p',
      JSON.stringify(body),
    ]),
    ...(note === undefined ? {} : { note }),
  };
}

/** One member of an object by its path. */
export const replaceAt = (kind: string, name: string, namespace: string, path: string, value: unknown): Cure =>
  changeAt('replace', kind, name, namespace, path, value);

/** One member more; a path that ends in `-` is the end of a list. */
export const addAt = (kind: string, name: string, namespace: string, path: string, value: unknown): Cure =>
  changeAt('add', kind, name, namespace, path, value);

function changeAt(op: string, kind: string, name: string, namespace: string, path: string, value: unknown): Cure {
  return {
    tool: 'kubectl',
    command: line(
      ['kubectl', 'patch', kind, name, '-n', namespace, '--type', 'json', '-p'],
      [JSON.stringify([{ op, path, value }])],
    ),
  };
}

export function scale(kind: string, name: string, namespace: string, replicas: number): Cure {
  return {
    tool: 'kubectl',
    command: line(['kubectl', 'scale', `${kind}/${name}`, '-n', namespace, `--replicas=${replicas}`]),
  };
}

/** A key of the add-on values. */
export function addonValue(key: string, value: string): Cure {
  return patch('configmap', objectNames.addonValues, objectNames.systemNamespace, { data: { [key]: value } });
}
