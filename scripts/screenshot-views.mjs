/**
 * The views of which docs/images has pictures. `enter` brings a page that is logged in and shows
 * the machine to the view; `leave` brings it back. `before` and `after` are for the server.
 */

const button = (page, name) => page.getByRole('button', { name, exact: true });
const closePanel = (page) => page.keyboard.press('Escape');

/** A panel of the bar by its button. */
const panel = (label, also = async () => undefined) => ({
  async enter(page, rig) {
    await button(page, label).click();
    await page.getByRole('dialog', { name: label }).waitFor();
    await also(page, rig);
  },
  leave: closePanel,
});

/** A panel behind More. */
const morePanel = (label, also = async () => undefined) => ({
  async enter(page) {
    await button(page, 'More').click();
    await page
      .locator('#panel-more')
      .getByRole('button', { name: new RegExp(`^${label} (?!out)`) })
      .click();
    await page.getByRole('dialog', { name: label, exact: true }).waitFor();
    await also(page);
  },
  leave: closePanel,
});

const status = (page, text) =>
  page.getByRole('status', { name: 'Status' }).filter({ hasText: text }).waitFor();
const drive = (page) => page.getByRole('dialog', { name: 'Drive' });
const upload = (page, files) => drive(page).locator('input[type=file]').setInputFiles(files);

/** Sessions that slow down the network of their page. */
const slowed = new WeakMap();

export const VIEWS = {
  'boot-prompt': { enter: async () => undefined, leave: async () => undefined },
  power: panel('Power'),
  'drive-empty': {
    ...panel('Drive', (page) => drive(page).getByText('There are no images yet.').waitFor()),
    before: ({ setImages }) => setImages({}),
  },
  drive: {
    ...panel('Drive', (page) => drive(page).getByText('In the drive as a CD-ROM.').waitFor()),
    before: async ({ setImages, post, images }) => {
      await setImages(images);
      await post('msd/set_params?image=debian-12.8.0-amd64-netinst.iso&cdrom=1');
      await post('msd/set_connected?connected=1');
    },
    after: async ({ post }) => {
      await post('msd/set_connected?connected=0');
      await post('msd/set_params?image=');
    },
  },
  'drive-image': {
    ...panel('Drive', async (page) => {
      await drive(page)
        .getByRole('button', { name: /^rescue\.img/ })
        .click();
      await drive(page).getByText('Insert as').waitFor();
    }),
    async leave(page) {
      await button(page, 'Back to the images').click();
      await closePanel(page);
    },
  },
  'drive-uploading': {
    ...panel('Drive', async (page, { bigFile }) => {
      const session = await page.context().newCDPSession(page);
      const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 25e6 };
      await session.send('Network.emulateNetworkConditions', slow);
      await upload(page, bigFile);
      await page
        .locator('.transfer')
        .getByText(/[1-9]\d? % of .* left/)
        .waitFor();
      slowed.set(page, session);
    }),
    async leave(page) {
      await button(page, 'Cancel ubuntu-24.04.1-desktop-amd64.iso').click();
      await page.locator('.transfer').waitFor({ state: 'detached' });
      await slowed.get(page).detach();
      await closePanel(page);
    },
  },
  'drive-refused': {
    ...panel('Drive', async (page) => {
      await upload(page, [{ name: 'rescue.img', mimeType: '', buffer: Buffer.alloc(10) }]);
      await drive(page).getByRole('alert').getByText('of this name already').waitFor();
    }),
    async leave(page) {
      await button(page, 'Dismiss rescue.img').click();
      await closePanel(page);
    },
  },
  'text-warning': panel('Type text', async (page) => {
    const field = page.getByRole('dialog', { name: 'Type text' }).getByRole('textbox').first();
    await field.fill('echo "Grüße für 5 €" > note.txt\n');
    await page
      .getByRole('dialog', { name: 'Type text' })
      .getByText(/cannot|Cannot/)
      .first()
      .waitFor();
  }),
  keys: panel('Keys'),
  palette: {
    async enter(page) {
      await button(page, 'All actions').click();
      await page.keyboard.type('re');
    },
    leave: closePanel,
  },
  more: panel('More'),
  screen: morePanel('Screen'),
  settings: morePanel('Settings'),
  health: morePanel('Health'),
  log: morePanel('Log', (page) => page.getByText('Logged in').first().waitFor()),
  sessions: morePanel('Sessions'),
  captured: {
    async enter(page) {
      await page.locator('#screen').focus();
      await page.keyboard.press('Enter');
      await status(page, 'Keyboard goes to the machine.');
    },
    leave: (page) => page.keyboard.press('ControlRight'),
  },
  'machine-off': {
    before: ({ post }) => post('atx/power?action=off_hard&wait=1'),
    enter: (page) => status(page, 'The machine is off.'),
    leave: async () => undefined,
    after: ({ post }) => post('atx/power?action=on&wait=1'),
  },
  'connection-lost': {
    // A server that is stopped says nothing, as one behind a broken network.
    before: async ({ server }) => server.kill('SIGSTOP'),
    enter: (page) => status(page, 'Connection lost'),
    leave: async () => undefined,
    after: async ({ server }) => server.kill('SIGCONT'),
  },
};
