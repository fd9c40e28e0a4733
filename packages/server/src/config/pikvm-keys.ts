/**
 * Sections and keys of PiKVM's configuration that mean nothing here (yet), or to one `type` of driver
 * only: reading one is a warning, where any other unknown key is an error. A name covers all that is
 * below it unless that is a section of ours.
 */
export const PIKVM_KEYS: readonly string[] = [
  ...['clients', 'media', 'pst', 'nbd', 'otgnet', 'ipmi', 'vnc', 'nginx'],
  ...['watchdog', 'oled', 'otg.devices.camera'],
  ...['check', 'cmd', 'cmd_remove', 'cmd_append'].map((key) => `janus.${key}`),
  ...['timeout', 'retries', 'retries_delay'].map((key) => `janus.stun.${key}`),
  ...['unix_rm', 'access_log_format'].map((key) => `kvmd.server.${key}`),
  ...['usc.groups', 'usc.kvmd_users', 'usc.kvmd_groups'].map((key) => `kvmd.auth.${key}`),
  ...['hw.vcgencmd_cmd', 'hw.vcgencmd_cmd_remove', 'hw.vcgencmd_cmd_append', 'fan.daemon'].map(
    (key) => `kvmd.info.${key}`,
  ),
  'kvmd.gpio.state_poll',
  ...['mouse_x_range', 'mouse_y_range', 'keyboard', 'mouse', 'mouse_alt', 'noop'].map(
    (key) => `kvmd.hid.${key}`,
  ),
  ...['device', 'speed', 'read_timeout', 'gpio_device', 'reset_pin', 'reset_inverted'].map(
    (key) => `kvmd.hid.${key}`,
  ),
  ...['bus', 'chip', 'hw_cs', 'sw_cs_pin', 'sw_cs_per_byte', 'max_freq', 'block_usec'].map(
    (key) => `kvmd.hid.${key}`,
  ),
  ...['power_detect_pin', 'power_detect_pull_down', 'reset_delay', 'reset_self'].map(
    (key) => `kvmd.hid.${key}`,
  ),
  ...['read_retries', 'common_retries', 'retries_delay', 'errors_threshold'].map(
    (key) => `kvmd.hid.${key}`,
  ),
  ...['manufacturer', 'product', 'description', 'iface', 'alias', 'pairing_required'].map(
    (key) => `kvmd.hid.${key}`,
  ),
  ...['auth_required', 'control_public', 'unpair_on_close', 'max_clients', 'socket_timeout'].map(
    (key) => `kvmd.hid.${key}`,
  ),
  'kvmd.hid.select_timeout',
  ...['device', 'power_led_pin', 'hdd_led_pin', 'power_led_inverted', 'hdd_led_inverted'].map(
    (key) => `kvmd.atx.${key}`,
  ),
  ...['power_led_debounce', 'hdd_led_debounce', 'power_switch_pin', 'reset_switch_pin'].map(
    (key) => `kvmd.atx.${key}`,
  ),
  ...['read_chunk_size', 'write_chunk_size', 'sync_chunk_size'].map((key) => `kvmd.msd.${key}`),
  ...['remount_cmd_remove', 'remount_cmd_append'].map((key) => `kvmd.msd.${key}`),
  ...['h264_boost', 'passthrough', 'snapshot_timeout'].map((key) => `kvmd.streamer.${key}`),
];

/** Whether PiKVM knows this key. */
export function isPikvmKey(path: readonly (string | number)[]): boolean {
  return PIKVM_KEYS.includes(path.join('.'));
}
