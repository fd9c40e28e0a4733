import { spawnSync } from 'node:child_process';

/** A rig that a command plays: it gets the action as JSON and exits with 0 when it can. */
export function commandRig(command) {
  return async (action) => {
    const argv = ['-c', `${command} "$1"`, 'rig', JSON.stringify(action)];
    return spawnSync('/bin/sh', argv, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  };
}

/** A rig that can do nothing: cases that need it are skipped. */
export const noRig = async () => false;
