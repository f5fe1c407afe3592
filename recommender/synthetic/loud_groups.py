"""The loud taste groups: hip hop, drum and bass, punk, metal."""

from __future__ import annotations

from recommender.synthetic.names import vocabulary
from recommender.synthetic.taste import AudioProfile, TasteGroup


def loud_groups() -> tuple[TasteGroup, ...]:
    """Return the four loud groups."""
    return (
        TasteGroup(
            "hip-hop",
            "hip hop",
            1.3,
            ("soul", "lo-fi", "drum-and-bass"),
            AudioProfile(0.74, 0.64, 0.24, 0.17, 0.03, 0.18, 0.50, -6.9, 94, 16, 0.52, 3.2, 0.62),
            (
                "boom bap",
                "headphones loud",
                "bars only",
                "gym 2026",
                "on the block",
                "whip music",
                "late night drive",
                "new heat",
                "golden era",
                "hype",
            ),
            "🔥💯🎤🏀🚗",
            vocabulary(
                "Concrete Gilded Corner-Store Uncut Heavyweight Platinum-Plated Midnight Streetlit Sharp Marble "
                "Undisputed",
                "Ledger Staircase Corner Payphone Blueprint Sidewalk Rooftop Cipher Chessboard Crown Receipt Turnpike "
                "Stoop Barbershop",
                "Chessplayers Locksmiths Bookkeepers Wordsmiths Landlords Dispatchers Understudies",
                "Counting Hustling Translating Stacking Testifying Double-Parking Negotiating",
                "Block_Forty the_Corner_Store Ninth_Stoop Tallow_Heights the_Barbershop Exit_Twelve Kettle_Park",
            ),
        ),
        TasteGroup(
            "drum-and-bass",
            "drum and bass",
            0.7,
            ("deep-house", "hip-hop"),
            AudioProfile(0.54, 0.91, 0.09, 0.03, 0.56, 0.20, 0.36, -4.8, 174, 2, 0.45, 4.6, 0.05),
            (
                "rollers",
                "174 bpm",
                "run faster",
                "jungle fever dreams",
                "bass face",
                "rave revival",
                "late bus home",
                "liquid",
                "gaming",
                "full send",
            ),
            "⚡🏃🌀🔊🎮",
            vocabulary(
                "Kinetic Serrated Hydraulic Breakneck Turbine Concrete Static Volt Rapid Jagged Supersonic Granular",
                "Piston Underpass Circuit Antenna Gasket Tremor Ricochet Subwoofer Flyover Voltage Gearbox Transistor",
                "Mechanics Couriers Welders Engineers Signalmen Racers Operatives",
                "Sprinting Rewiring Colliding Tunnelling Overheating Ricocheting Shifting",
                "Underpass_Six the_Night_Bus Sector_Nine Flyover_East the_Substation Depot_Twenty",
            ),
        ),
        TasteGroup(
            "punk",
            "punk and garage",
            0.9,
            ("metal", "synth-pop"),
            AudioProfile(0.46, 0.90, 0.08, 0.02, 0.03, 0.26, 0.55, -4.6, 158, 24, 0.70, 2.5, 0.28),
            (
                "loud and short",
                "skate park",
                "angry cleaning",
                "garage days",
                "basement show",
                "three chords",
                "no bedtime",
                "moving out",
                "screaming in the car",
                "pit stop",
            ),
            "🛹🤘💥🧃📢",
            vocabulary(
                "Rusty Hungry Spiteful Bruised Overdue Feral Cardboard Jumpy Bankrupt Broken-Toothed Sticky Unwelcome",
                "Skateboard Megaphone Dumpster Bicycle Curfew Parking_Lot Milkcrate Fistfight Landlord Chainlink "
                "Lunchbox Safety_Pin Doorbell",
                "Dropouts Janitors Vandals Trespassers Substitutes Goalkeepers Delinquents Cashiers",
                "Skipping Shouting Crashing Quitting Trespassing Detesting Kicking Outrunning",
                "Parking_Lot_D the_Bus_Depot Garage_Nine Dead_End_Drive the_Back_Fence Detention_Hall",
            ),
        ),
        TasteGroup(
            "metal",
            "metal",
            0.9,
            ("punk",),
            AudioProfile(0.37, 0.94, 0.09, 0.01, 0.24, 0.22, 0.28, -5.2, 132, 28, 0.50, 4.9, 0.18),
            (
                "heavy",
                "riffs",
                "leg day",
                "doom and gloom",
                "METAL",
                "war drums",
                "blast beats for lunch",
                "cathedral of noise",
                "black coffee black metal",
                "headbang",
            ),
            "🤘💀🐺🔥🦇",
            vocabulary(
                "Iron Ashen Sepulchral Molten Wolfborn Obsidian Thunderous Gravebound Blackened Hollowed Cursed "
                "Stormforged",
                "Anvil Catacomb Warhorn Monolith Furnace Gargoyle Obelisk Crypt Gauntlet Leviathan Pyre Bastion Talon",
                "Gravediggers Blacksmiths Executioners Heretics Stonecutters Gatekeepers Berserkers",
                "Devouring Forging Besieging Summoning Unearthing Sundering Enthroning",
                "Gallowmere the_Black_Quarry Ironholt the_Seventh_Gate Mount_Vorrin the_Bone_Orchard",
            ),
        ),
    )
