import { render } from 'preact';
import { App } from './app.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './styles/bar.css';
import './styles/screen.css';
import './styles/panels.css';
import './styles/login.css';

const root = document.getElementById('root');
if (root !== null) render(<App />, root);
