// Everything a chat screen needs, as a hook. Copy it into your app.
import AsyncStorage from '@react-native-async-storage/async-storage';
import { useEffect, useState } from 'react';
import { AppState } from 'react-native';
import { Chat, reactNativeHost, type ChatState, type ShownMessage } from '@yingda/sdk';

export function useYingda(endpoint: string, channelKey: string) {
  const [chat, setChat] = useState<Chat | null>(null);
  const [messages, setMessages] = useState<readonly ShownMessage[]>([]);
  const [state, setState] = useState<ChatState>('connecting');
  const [typing, setTyping] = useState('');

  useEffect(() => {
    let over = false;
    let open: Chat | null = null;
    void reactNativeHost({ AppState, AsyncStorage }).then((host) => {
      if (over) return;
      open = new Chat({ endpoint, channelKey, host });
      open.on('messages', setMessages);
      open.on('state', (s) => setState(s.state));
      open.on('typing', ({ on, by }) => setTyping(on ? (by.name ?? '') : ''));
      setChat(open);
      void open.start();
    });
    return () => {
      over = true;
      open?.stop();
    };
  }, [endpoint, channelKey]);

  return { chat, messages, state, typing };
}
