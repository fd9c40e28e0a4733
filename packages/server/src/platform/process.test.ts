import { describe, expect, it } from 'vitest';
import { isAlive, ProgramMissingError, runProcess, spawnProcess } from './process.ts';

describe('process', () => {
  it('keeps the last lines and tells how a child ended', async () => {
    const script = "for (let i = 0; i < 9; i++) console.error('line ' + i); process.exit(3)";
    const child = await spawnProcess(process.execPath, ['-e', script], { keptLines: 2 });
    expect(await child.exit).toEqual({ code: 3, signal: null });
    expect(child.lastLines).toEqual(['line 7', 'line 8']);
    expect(isAlive(child.id)).toBe(false);
  });

  it('passes arguments as they are, without a shell', async () => {
    const script = 'console.log(process.argv[1])';
    const child = await spawnProcess(process.execPath, ['-e', script, '$(id); "x" *']);
    await child.exit;
    expect(child.lastLines).toEqual(['$(id); "x" *']);
  });

  it('says that a program is missing', async () => {
    await expect(spawnProcess('/nowhere/qemu', [])).rejects.toThrow(ProgramMissingError);
  });

  it('kills the child that it started, and only that one', async () => {
    const child = await spawnProcess(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    expect(isAlive(child.id)).toBe(true);
    expect(isAlive({ pid: child.id.pid, startTime: '1' })).toBe(false);
    expect(child.kill('SIGKILL')).toBe(true);
    expect(await child.exit).toEqual({ code: null, signal: 'SIGKILL' });
    expect(child.kill()).toBe(false);
  });

  it('fails with what the program said', async () => {
    const script = 'console.error("no such disc"); process.exit(1)';
    await expect(runProcess(process.execPath, ['-e', script])).rejects.toThrow(/no such disc/);
  });
});
