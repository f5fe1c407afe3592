"""Names of the bot's commands as clickable mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from discord import app_commands


class CommandMentions:
    """Knows the ids that Discord gave to the commands; before that, a command is shown as it is typed."""

    def __init__(self) -> None:
        self._mentions: dict[str, str] = {}

    def learn(self, synced: Iterable[app_commands.AppCommand]) -> None:
        """Take over what a sync of the command tree returned."""
        for command in synced:
            subcommands = [option for option in command.options if isinstance(option, app_commands.AppCommandGroup)]
            if not subcommands:
                self._mentions[command.name] = command.mention
            for subcommand in subcommands:
                self._mentions[f"{command.name} {subcommand.name}"] = subcommand.mention

    def __call__(self, name: str) -> str:
        """Return the mention of a command, like `digest set`."""
        return self._mentions.get(name, f"`/{name}`")

    def within(self, text: str) -> str:
        """Return the text with every known command that it names made clickable."""
        if not self._mentions:
            return text
        names = "|".join(re.escape(name) for name in sorted(self._mentions, key=len, reverse=True))
        return re.sub(rf"(?<![\w/<.])/({names})\b(?!/)", lambda named: self._mentions[named.group(1)], text)

    def fill(self, template: str, **values: str | int) -> str:
        """Return the template with its fields filled: by `values`, or by the mention of the command of that name.

        A subcommand's field is spelt with an underscore, like `{digest_set}`. Values are to be escaped already.
        """
        fields = set(re.findall(r"{([a-z_]+)}", template)) - set(values)
        return template.format(**{field: self(field.replace("_", " ")) for field in fields}, **values)
