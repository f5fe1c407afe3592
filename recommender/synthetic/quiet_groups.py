"""The quiet taste groups: folk, lo-fi, ambient, piano and strings."""

from __future__ import annotations

from recommender.synthetic.names import vocabulary
from recommender.synthetic.taste import AudioProfile, TasteGroup


def quiet_groups() -> tuple[TasteGroup, ...]:
    """Return the four quiet groups."""
    return (
        TasteGroup(
            "indie-folk",
            "indie folk",
            1.2,
            ("piano-and-strings", "soul"),
            AudioProfile(0.47, 0.30, 0.04, 0.78, 0.10, 0.12, 0.40, -12.0, 112, 24, 0.78, 3.7, 0.03),
            (
                "rainy sunday",
                "cabin weekend",
                "songs for the long drive home",
                "slow mornings",
                "campfire",
                "autumn walks",
                "letters i never sent",
                "folk for tired people",
                "kitchen table songs",
                "porch light",
            ),
            "🍂🌧☕🌲🔥",
            vocabulary(
                "Mossy Hushed Birchen Barefoot Woollen Candlelit Ferny Salted Driftwood Dewy Threadbare Honeyed",
                "Lantern Orchard Heron Wheelbarrow Teapot Juniper Fiddle Kindling Meadow Ferry Almanac Acorn Quilt "
                "Thimble Wren Weathervane",
                "Ferrymen Beekeepers Cartwrights Shepherds Lamplighters Foragers Basketmakers Weavers Wayfarers",
                "Mending Gathering Whittling Borrowing Remembering Carrying Planting Unpicking Rowing",
                "Heron_Creek the_Old_Mill Bramble_Lane Thornmere the_Ferry_House Lower_Meadow Ash_Hollow "
                "the_Salt_Marsh",
            ),
        ),
        TasteGroup(
            "lo-fi",
            "lo-fi beats",
            1.1,
            ("ambient", "jazz", "hip-hop"),
            AudioProfile(0.66, 0.32, 0.09, 0.62, 0.82, 0.12, 0.38, -13.0, 82, 8, 0.45, 2.3, 0.01),
            (
                "study beats",
                "lofi for homework",
                "3am desk lamp",
                "coding quietly",
                "soft focus",
                "tea and tapes",
                "beats to read to",
                "window seat",
                "exam week",
                "sleepy tapes",
            ),
            "📚🌙☕💤🎧",
            vocabulary(
                "Sleepy Paper Dusty Pastel Blurry Pocket Lazy Faded Plush Woolly Drowsy Mild",
                "Cassette Notebook Desk_Lamp Teacup Windowsill Raincoat Bookmark Slipper Houseplant Crayon Pencil "
                "Postcard Biscuit Umbrella",
                "Nappers Librarians Doodlers Daydreamers Postmen Stargazers Night_Owls Paperboys",
                "Doodling Napping Steeping Folding Idling Sketching Yawning Rewinding",
                "Desk_Seven the_Corner_Cafe Platform_Nine Window_Seat_C the_Third_Floor Tea_Street the_Reading_Room",
            ),
        ),
        TasteGroup(
            "ambient",
            "ambient",
            0.8,
            ("piano-and-strings", "lo-fi"),
            AudioProfile(0.22, 0.14, 0.04, 0.82, 0.90, 0.10, 0.12, -21.0, 96, 26, 0.55, 5.4, 0.0),
            (
                "sleep",
                "deep calm",
                "for breathing",
                "floating",
                "night flight",
                "long exposure",
                "quiet rooms",
                "slow weather",
                "meditation",
                "drift",
            ),
            "🌌🫧🛌🧘🌊",
            vocabulary(
                "Weightless Glacial Distant Pale Submerged Luminous Halcyon Lunar Vaporous Tidal Frozen Hollow",
                "Estuary Nebula Aquifer Horizon Permafrost Lighthouse Isobar Moraine Cirrus Delta Satellite Plateau "
                "Archipelago Sediment",
                "Cartographers Meteorologists Surveyors Drifters Archivists Glaciologists Navigators",
                "Dissolving Hovering Receding Thawing Measuring Descending Listening Evaporating",
                "Station_Forty the_Northern_Shelf Cape_Umbra the_Weather_Ship Basin_Eleven the_Estuary Point_Vesper",
            ),
        ),
        TasteGroup(
            "piano-and-strings",
            "piano and strings",
            0.7,
            ("ambient", "indie-folk"),
            AudioProfile(0.31, 0.15, 0.04, 0.94, 0.86, 0.11, 0.18, -21.5, 104, 30, 0.60, 3.4, 0.0),
            (
                "piano for reading",
                "strings and snow",
                "sunday piano",
                "candle hour",
                "quiet piano",
                "for the bath",
                "writing music",
                "after the concert",
                "winter recital",
                "soft keys",
            ),
            "🎹🎻🕊🌨📖",
            vocabulary(
                "Tender Solitary Unhurried Snowbound Ivory Felted Silvered Reverent Wistful Autumnal Plainspoken",
                "Nocturne Etude Aviary Staircase Conservatory Greenhouse Metronome Portrait Waltz Letterbox Music_Box "
                "Parlour Sonnet Chandelier",
                "Copyists Recitalists Bookbinders Clockmakers Gardeners Correspondents Violists",
                "Practising Transcribing Waltzing Waiting Unfolding Rehearsing Composing Tuning",
                "the_Winter_Garden Elderholt Recital_Hall_B the_East_Staircase Saint_Orrin Lake_Mirelle",
            ),
        ),
    )
