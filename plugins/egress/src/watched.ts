import type { Dispatcher } from 'undici';

/**
 * Calls `onSending` when a connection exists and the first byte of a request is about to be written to it.
 * undici calls the handler's first member at that time. Its own handlers still have the older of the two; its `DecoratorHandler`
 * translates, but does not survive interim answers.
 */
export function watched(onSending: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const { onConnect, onRequestStart } = handler;
    if (onConnect !== undefined) {
      handler.onConnect = (...args) => {
        onSending();
        onConnect.apply(handler, args);
      };
    }
    if (onRequestStart !== undefined) {
      handler.onRequestStart = (...args) => {
        onSending();
        onRequestStart.apply(handler, args);
      };
    }
    return dispatch(options, handler);
  };
}
