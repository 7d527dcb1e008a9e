// For tests: our C programs for the processor that this machine does not have, run by Debian's user-mode qemu.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';

const COMPILER = 'aarch64-linux-gnu-gcc';
const QEMU = 'qemu-aarch64-static';

/** Why arm64 programs are not built and run here, in words for a test's name; undefined: they are. */
export const arm64Unavailable: string | undefined = [COMPILER, QEMU].find(
  (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0,
);

/** Runs a `build.sh` for arm64; what it leaves at `out` starts as the program itself would, under whatever name it is copied to. */
export function buildForArm64(script: string, out: string): void {
  const program = `${out}.arm64`;
  execFileSync('sh', [script, program], { env: { ...process.env, CC: COMPILER } });
  writeFileSync(out, `#!/bin/sh\nexec ${QEMU} -0 "$0" ${program} "$@"\n`);
  chmodSync(out, 0o755);
}
