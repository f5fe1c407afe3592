"""What /digest says about a server's weekly discoveries."""

from __future__ import annotations

from bot.discord import texts
from bot.discord.commands import CommandMentions
from bot.discord.markdown import moment, sentence, words
from bot.discord.views.layout import Accent, Card, notice, small
from bot.domain.digests import Digest


def digest_card(digest: Digest | None, commands: CommandMentions) -> Card:
    """Return when and where the next digest is posted, or why none is."""
    if digest is None:
        return notice(Accent.INFO, texts.DIGEST_TITLE, commands.fill(texts.DIGEST_NONE))
    schedule = digest.schedule
    when = texts.DIGEST_SCHEDULE.format(
        day=texts.WEEKDAYS[schedule.weekday],
        hour=schedule.hour,
        zone=words(schedule.time_zone.replace("_", " "), 60),
        channel=schedule.channel_id,
    )
    if digest.enabled:
        following = texts.DIGEST_NEXT.format(time=moment(digest.next_due_at, "F"), left=moment(digest.next_due_at, "R"))
        return notice(Accent.DONE, texts.DIGEST_TITLE, when, following, small(commands.fill(texts.DIGEST_HINT)))
    if digest.stopped_because:
        reason = texts.DIGEST_STOPPED.format(reason=sentence(digest.stopped_because, commands.within))
        return notice(Accent.FAULT, texts.DIGEST_TITLE, when, reason, commands.fill(texts.DIGEST_STOPPED_HINT))
    return notice(Accent.INFO, texts.DIGEST_TITLE, when, commands.fill(texts.DIGEST_OFF))


def digest_off_card(commands: CommandMentions) -> Card:
    """Return that nothing more is posted."""
    return notice(Accent.DONE, texts.DIGEST_OFF_TITLE, commands.fill(texts.DIGEST_OFF_BODY))
