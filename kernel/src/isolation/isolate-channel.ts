/** The way to a process or thread. A host has one for each isolate. */
export interface IsolateChannel {
  send(text: string): void;
  /** Ends it at once, whatever it does. */
  kill(): void;
  /** Whether this process must stay alive for it. An isolate that is asked nothing ends with its host. */
  hold(isHeld: boolean): void;
  /** Bytes of memory it has now, as far as that can be known from outside. */
  memory(): number | null;
}

/** What happens at the other end. */
export interface ChannelEvents {
  message(text: string): void;
  /** A line that its code wrote to stdout or stderr. */
  line(stream: 'stdout' | 'stderr', text: string): void;
  /** It has ended; `how` says so in words, e.g. `ended with exit code 1`. Called once, as the last one. */
  ended(how: string): void;
}

export interface ChannelOptions {
  /** The module that runs inside. */
  readonly main: string;
  /** The folder of the plugin's package. */
  readonly folder: string;
  /** The files and folders that a process may read. */
  readonly readable: readonly string[];
  readonly memoryMb: number;
  /** Hosts that its code may connect to by itself, as `host` or `host:port`. */
  readonly hosts: readonly string[];
}

export type OpenChannel = (options: ChannelOptions, events: ChannelEvents) => IsolateChannel;
