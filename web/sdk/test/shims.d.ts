// The parts of other people's packages that examples/react-native uses.
declare module 'react' {
  export function useState<T>(initial: T): [T, (value: T) => void];
  export function useEffect(run: () => void | (() => void), on: readonly unknown[]): void;
}
declare module 'react-native' {
  export const AppState: { currentState: string; addEventListener(type: 'change', listener: (state: string) => void): { remove(): void } };
}
declare module '@react-native-async-storage/async-storage' {
  const storage: {
    getAllKeys(): Promise<readonly string[]>;
    getItem(key: string): Promise<string | null>;
    setItem(key: string, value: string): Promise<void>;
    removeItem(key: string): Promise<void>;
  };
  export default storage;
}
