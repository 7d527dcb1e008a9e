// Security groups and their bindings compiled to filters: pure, and written without the product's own evaluator.
import type { FabricEni, FabricSecurityGroup, FabricSnapshot } from '../cloud/read-model.ts';
import { compileRule, memberSetName } from './compile-rule.ts';
import { groupName, listName } from './names.ts';
import type { Direction, Ruleset } from './ruleset.ts';

/**
 * Filters for the given ports (ENI id to port name). Groups in their order, rules in theirs, first match decides, no
 * match drops; an ENI without groups passes everything (facts, Tencent Cloud API, section 11). A packet must pass the
 * sender's egress and the receiver's ingress. Throws `FABRIC-RULE`.
 */
export function compile(
  snapshot: Pick<FabricSnapshot, 'enis' | 'securityGroups'>,
  ports: ReadonlyMap<string, string>,
): Ruleset {
  const attached = snapshot.enis.flatMap((eni) => {
    const port = ports.get(eni.eniId);
    return port === undefined ? [] : [{ eni, port }];
  });
  const lists = new Map(attached.map(({ eni }) => [listName(eni.securityGroupIds), eni.securityGroupIds]));
  lists.delete(listName([]));
  const used = usedGroups([...lists.values()], snapshot.securityGroups);
  const groups = used.map(
    (id) => snapshot.securityGroups.find((group) => group.securityGroupId === id) ?? emptyGroup(id),
  );
  const compiled = groups.flatMap((group) => [compileGroup(group, 'in'), compileGroup(group, 'out')]);

  return {
    memberSets: memberSets(groups, snapshot.enis),
    sources: new Set(attached.flatMap(({ eni, port }) => eni.addresses.map((address) => `"${port}" . ${address}`))),
    groupChains: new Map(compiled.map(({ name, lines }) => [name, lines])),
    listChains: new Map([...lists].flatMap(([name, ids]) => [listChain(name, ids, 'in'), listChain(name, ids, 'out')])),
    verdicts: {
      in: new Map(attached.map(({ eni, port }) => [`"${port}"`, portVerdict(eni, 'in')])),
      out: new Map(attached.map(({ eni, port }) => [`"${port}"`, portVerdict(eni, 'out')])),
    },
    notes: compiled.flatMap(({ notes }) => notes),
  };
}

function usedGroups(lists: readonly (readonly string[])[], known: readonly FabricSecurityGroup[]): string[] {
  const bound = new Set(lists.flat());
  // The order of the snapshot where there is one, so that equal snapshots give equal text.
  const ordered = known.map((group) => group.securityGroupId).filter((id) => bound.has(id));
  return [...new Set([...ordered, ...bound])];
}

function emptyGroup(securityGroupId: string): FabricSecurityGroup {
  return { securityGroupId, ingress: [], egress: [] };
}

function compileGroup(
  group: FabricSecurityGroup,
  direction: Direction,
): { name: string; lines: string[]; notes: string[] } {
  const rules = direction === 'in' ? group.ingress : group.egress;
  const words = direction === 'in' ? 'ingress' : 'egress';
  const compiled = rules.map((rule, index) =>
    compileRule(rule, direction, `${group.securityGroupId} ${words} rule ${index}`),
  );
  return {
    name: groupChainName(group.securityGroupId, direction),
    lines: compiled.flatMap(({ lines }) => lines),
    notes: compiled.flatMap(({ note }) => (note === undefined ? [] : [note])),
  };
}

function memberSets(
  groups: readonly FabricSecurityGroup[],
  enis: readonly FabricEni[],
): Map<string, ReadonlySet<string>> {
  const peers = groups
    .flatMap((group) => [...group.ingress, ...group.egress])
    .flatMap(({ peer }) => (peer.kind === 'group' ? [peer.securityGroupId] : []));
  return new Map([...new Set(peers)].map((id) => [memberSetName(id), members(id, enis)]));
}

function members(securityGroupId: string, enis: readonly FabricEni[]): Set<string> {
  return new Set(enis.filter((eni) => eni.securityGroupIds.includes(securityGroupId)).flatMap((eni) => eni.addresses));
}

function listChain(name: string, ids: readonly string[], direction: Direction): [string, string[]] {
  return [`l_${name}_${direction}`, [...ids.map((id) => `jump ${groupChainName(id, direction)}`), 'drop']];
}

function portVerdict(eni: FabricEni, direction: Direction): string {
  return eni.securityGroupIds.length === 0 ? 'accept' : `jump l_${listName(eni.securityGroupIds)}_${direction}`;
}

function groupChainName(securityGroupId: string, direction: Direction): string {
  return `g_${groupName(securityGroupId)}_${direction}`;
}
