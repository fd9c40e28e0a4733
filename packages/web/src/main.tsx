import { render } from 'preact';
import { App } from './app.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './bar/bar.css';
import './screen/screen.css';
import './screen/key-row.css';
import './screen/full-screen.css';
import './styles/panels.css';
import './login/login.css';
import './screen/pointer.css';

const root = document.getElementById('root');
if (root !== null) render(<App />, root);
