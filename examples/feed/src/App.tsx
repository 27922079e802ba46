// Who uses the page, and which feed they look at.
import { useCallback, useEffect, useMemo, useState } from "react";

import { Account } from "./account.ts";
import { readConfig, type AppUser, type Config, type Mode } from "./backend.ts";
import { Dialog } from "./Dialog.tsx";
import { FeedView } from "./FeedView.tsx";
import { Icon } from "./Icons.tsx";
import { Avatar } from "./Photo.tsx";
import { modeName } from "./words.ts";

export function App() {
  const [config, setConfig] = useState<Config>();
  const [failed, setFailed] = useState(false);
  const start = useCallback(() => {
    setFailed(false);
    readConfig().then(setConfig, () => setFailed(true));
  }, []);
  useEffect(start, [start]);

  const first = config?.users[0];
  if (config && first) return <SignedIn config={config} first={first} />;
  return (
    <main className="alone">
      {failed ? (
        <p className="quiet">
          The example’s backend does not answer. <button type="button" onClick={start}>Try again</button>
        </p>
      ) : (
        <p className="quiet">Loading …</p>
      )}
    </main>
  );
}

function SignedIn({ config, first }: { config: Config; first: AppUser }) {
  const [user, setUser] = useState(first);
  const [mode, setMode] = useState(config.modes[0]);
  const [visit, setVisit] = useState(0);
  const [choosing, setChoosing] = useState(false);
  const account = useMemo(() => new Account(user.id, config.api), [user.id, config.api]);

  const refresh = () => {
    setVisit((count) => count + 1);
    window.scrollTo({ top: 0 });
  };
  const show = (chosen: Mode) => {
    if (chosen === mode) return refresh();
    setMode(chosen);
    window.scrollTo({ top: 0 });
  };

  return (
    <div className="app">
      <header className="top">
        <p className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" /> Warmline
        </p>
        {config.modes.length > 1 && (
          <nav className="modes" aria-label="Feeds">
            {config.modes.map((each) => (
              <button key={each} type="button" aria-current={each === mode ? "page" : undefined} onClick={() => show(each)}>
                {modeName(each)}
              </button>
            ))}
          </nav>
        )}
        <div className="tools">
          <button type="button" className="round" aria-label="Refresh" onClick={refresh}>
            <Icon name="refresh" />
            <span className="wide">Refresh</span>
          </button>
          <button type="button" className="round" aria-haspopup="dialog" aria-label={`${user.label}: use the page as somebody else`} onClick={() => setChoosing(true)}>
            <Avatar id={user.id} name={user.label} />
            <span className="wide">{user.label}</span>
          </button>
        </div>
      </header>
      <main>
        <FeedView
          key={`${user.id} ${mode}`}
          account={account}
          mode={mode}
          visit={visit}
          hasSimilar={config.similar}
          hasFollows={config.follows}
          onRefresh={refresh}
        />
      </main>
      {choosing && (
        <Dialog title="Use the page as" className="menu" onClose={() => setChoosing(false)}>
          <ul>
            {config.users.map((each) => (
              <li key={each.id}>
                <button
                  type="button"
                  aria-current={each.id === user.id ? "true" : undefined}
                  onClick={() => {
                    setUser(each);
                    setChoosing(false);
                    window.scrollTo({ top: 0 });
                  }}
                >
                  <Avatar id={each.id} name={each.label} />
                  {each.label}
                </button>
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </div>
  );
}
