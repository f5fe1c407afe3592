"""The bright taste groups: jazz, soul, synth pop, deep house."""

from __future__ import annotations

from recommender.synthetic.names import vocabulary
from recommender.synthetic.taste import AudioProfile, TasteGroup


def bright_groups() -> tuple[TasteGroup, ...]:
    """Return the four bright groups."""
    return (
        TasteGroup(
            "jazz",
            "jazz",
            0.9,
            ("soul", "lo-fi"),
            AudioProfile(0.52, 0.34, 0.05, 0.76, 0.55, 0.16, 0.48, -13.5, 118, 30, 0.52, 5.1, 0.01),
            (
                "late night jazz",
                "jazz for cooking",
                "blue hour",
                "smoky basement",
                "sunday brunch jazz",
                "trio nights",
                "brushes and bass",
                "cocktails at nine",
                "modern jazz",
                "after midnight",
            ),
            "🎷🎺🍷🌃🥂",
            vocabulary(
                "Indigo Crooked Velveteen Sidelong Mahogany Uptown Brassy Loose-Limbed Smoky Unbuttoned Cobalt Sly",
                "Trombone Fedora Staircase Cufflink Turnstile Saxophone Olive Ashtray Taxi Cornet Matchbook Rendezvous "
                "Awning Doorman",
                "Doormen Sidemen Trumpeters Gamblers Pickpockets Bellhops Insomniacs Waiters",
                "Strolling Improvising Loitering Swinging Whispering Stalling Bargaining Tiptoeing",
                "the_Blue_Awning Fourth_and_Larch the_Copper_Room Pier_Seventeen the_Late_Kitchen Mallow_Street",
            ),
        ),
        TasteGroup(
            "soul",
            "soul and r&b",
            1.1,
            ("hip-hop", "jazz", "synth-pop"),
            AudioProfile(0.65, 0.50, 0.08, 0.36, 0.03, 0.15, 0.56, -7.8, 102, 20, 0.50, 3.6, 0.22),
            (
                "slow jams",
                "date night",
                "sunday cleaning",
                "velvet voices",
                "soul food",
                "candlelight",
                "in my feelings",
                "grown folks music",
                "kitchen dancing",
                "smooth",
            ),
            "💜🍯🌹✨🫶",
            vocabulary(
                "Golden Buttered Silken Sunday Tender-Hearted Caramel Satin Glowing Generous Easy Warm-Blooded Lavish",
                "Tambourine Marmalade Staircase Perfume Balcony Sugarbowl Telephone Sermon Locket Peach Ribbon Jukebox "
                "Armchair",
                "Confidants Romantics Sweethearts Deacons Dressmakers Balladeers Charmers",
                "Forgiving Swaying Confessing Lingering Sweetening Courting Humming",
                "Peachtree_Landing the_Satin_Lounge Honey_Avenue Auntie's_Porch the_Upstairs_Room Saffron_Court",
            ),
        ),
        TasteGroup(
            "synth-pop",
            "synth pop",
            1.3,
            ("deep-house", "soul", "punk"),
            AudioProfile(0.68, 0.72, 0.05, 0.10, 0.06, 0.16, 0.60, -6.0, 119, 14, 0.55, 3.5, 0.10),
            (
                "neon nights",
                "pop that sparkles",
                "getting ready",
                "summer 2026",
                "dance in the mirror",
                "80s but new",
                "roadtrip",
                "main character",
                "glitter",
                "friday feeling",
            ),
            "✨💖🌆🪩🚗",
            vocabulary(
                "Neon Chrome Magenta Holographic Ultraviolet Glossy Plastic Prismatic Fluorescent Electric_Pink "
                "Polaroid",
                "Arcade Boulevard Monorail Sunroof Telescope Hologram Mixtape Escalator Laser Roller_Rink Satellite "
                "Photobooth Kaleidoscope Cursor",
                "Astronauts Projectionists Operators Heartthrobs Holidaymakers Televisions Roller_Skaters",
                "Glowing Accelerating Pretending Dialling Sparkling Orbiting Overexposing Rewiring",
                "Arcade_Nine Neon_Harbour Mirage_Boulevard the_Sky_Lobby Monorail_West the_Pink_Motel Channel_88",
            ),
        ),
        TasteGroup(
            "deep-house",
            "deep house",
            1.1,
            ("synth-pop", "drum-and-bass"),
            AudioProfile(0.80, 0.66, 0.06, 0.06, 0.68, 0.11, 0.45, -8.8, 122, 3, 0.42, 5.6, 0.02),
            (
                "warehouse",
                "rooftop sunset",
                "deep house",
                "4am set",
                "beach bar",
                "gym 2026",
                "after hours",
                "poolside",
                "terrace",
                "groove room",
            ),
            "🌅🐚🔊🌴🕺",
            vocabulary(
                "Subterranean Amber Balearic Marble Nocturnal Tropic Sunburnt Magnetic Sultry Mirrored Endless",
                "Terrace Turntable Basement Palm Lagoon Strobe Rooftop Veranda Pulse Marina Tangerine Silhouette",
                "Selectors Sunbathers Nightwatchmen Concierges Bartenders Travellers Sleepwalkers",
                "Circling Unwinding Cruising Simmering Dissolving Looping Sunbathing Returning",
                "Marina_South the_Lower_Deck Warehouse_Twelve Cala_Verena the_Palm_Terrace Rooftop_Four",
            ),
        ),
    )
