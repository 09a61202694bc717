import { createApp } from 'vue';
import App from './App.vue';
import { dress } from './theme.ts';
import './style.css';

const query = new URLSearchParams(location.search);
dress(query.get('theme'), query.get('color'));
createApp(App).mount('#app');
