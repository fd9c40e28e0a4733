/**
 * Calls `listener` when a child sends us SIGUSR2 to say that something has changed, which would end
 * a process that does not expect it. Until the returned function is called.
 */
export function onChildNotice(listener: () => void): () => void {
  process.on('SIGUSR2', listener);
  return () => {
    process.off('SIGUSR2', listener);
  };
}
