// What this machine offers the lab: root or user namespaces, and which tools are absent.
import { spawnSync } from 'node:child_process';
import { SYSTEM_PATH } from './tool-path.ts';

/** A program that is not installed, and the Debian package that has it. */
export interface MissingTool {
  readonly tool: string;
  readonly debianPackage: string;
}

/** What this machine allows and lacks. */
export interface HostProbe {
  /** User id 0 with the right to make namespaces (a plain container has the first without the second). */
  readonly root: boolean;
  /** User namespaces are allowed, so that the lab works without root. */
  readonly userns: boolean;
  readonly missing: readonly MissingTool[];
}

const TOOLS: readonly MissingTool[] = [
  { tool: 'ip', debianPackage: 'iproute2' },
  { tool: 'nft', debianPackage: 'nftables' },
  { tool: 'unshare', debianPackage: 'util-linux' },
  { tool: 'nsenter', debianPackage: 'util-linux' },
  { tool: 'setpriv', debianPackage: 'util-linux' },
  { tool: 'mount', debianPackage: 'mount' },
  { tool: 'busybox', debianPackage: 'busybox' },
  { tool: 'curl', debianPackage: 'curl' },
];

/** Looks by trying, in a few short processes; changes nothing. */
export function probeHost(): HostProbe {
  const missing = TOOLS.filter(({ tool }) => !isInstalled(tool));
  if (missing.some(({ tool }) => tool === 'unshare')) return { root: false, userns: false, missing };
  return {
    root: process.getuid?.() === 0 && runs('unshare', ['--mount', '--net', 'true']),
    userns: runs('unshare', ['--user', '--map-root-user', '--mount', '--net', 'true']),
    missing,
  };
}

/** One line that says how to install what is missing; undefined when nothing is. */
export function installHint(missing: readonly MissingTool[]): string | undefined {
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  const tools = missing.map(({ tool }) => tool).join(', ');
  return `missing: ${tools}; on Debian and Ubuntu: apt-get install --yes ${packages.join(' ')}`;
}

function isInstalled(tool: string): boolean {
  return runs('/bin/sh', ['-c', 'command -v "$1"', 'sh', tool]);
}

function runs(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', env: { PATH: SYSTEM_PATH }, timeout: 10_000 }).status === 0;
}
