#!/bin/sh
# The programs of libgpiod over a pretended chip: fake-gpiod.sh DIRECTORY VERSION PROGRAM ARGS...
# VERSION is 1.6.3, 2.2.1, or 2.2.1i, which has --interactive. DIRECTORY holds the chip: the file `chip` is
# there while it is plugged in, `level-N` is the level of a line and `held-N` who has it; `log` gets every
# command. A gpiomon reads what happens ("N LEVEL", or "gone") from the pipe `events-PID`.
directory=$1 version=$2 program=$3
shift 3
cd "$directory" || exit 127
echo "$program $*" >> log

LINES=12
# Each of these sets a variable of its name, which is quicker than a process of its own.
name_of() { case $1 in 3) name='"PWR LED"' ;; 9) name='"RELAY"' ;; *) name=unnamed ;; esac; }
level_of() { level=0; [ ! -e "level-$1" ] || read -r level < "level-$1" || :; }

die() {
  echo "$program: $*" >&2
  exit 1
}

# Who has line $1; who was killed has nothing.
user_of() {
  user=''
  [ -e "held-$1" ] || return 0
  read -r pid user < "held-$1" || :
  if [ "$pid" != - ] && [ ! -e "/proc/$pid" ]; then user=''; fi
}

case $version in 1*) major=1 ;; 2*) major=2 ;; *) major=9 ;; esac
case "$program $1" in
  'gpioset --version') echo "gpioset (libgpiod) v${version%i}"; exit ;;
  'gpioset --help') case $version in *i) echo '  -i, --interactive' ;; *) echo '  -h, --help' ;; esac; exit ;;
esac

chip='' consumer=$program format='' interactive='' numeric='' mode=''
while :; do
  case "$major $program $1" in
    '2 gpio'*' --chip') chip=$2; shift ;;
    '2 gpio'*' --consumer') consumer=$2; shift ;;
    '2 gpioset --interactive') case $version in *i) interactive=1 ;; *) die "unrecognized option '$1'" ;; esac ;;
    '2 gpioset --toggle') [ "$2" = 0 ] || die "invalid period: $2"; mode=exit; shift ;;
    '2 gpioget --numeric') numeric=1 ;;
    '1 gpioset --mode='*) mode=${1#--mode=} ;;
    '1 gpiomon --line-buffered') ;;
    ?' gpiomon --format='*) format=${1#--format=} ;;
    *' --'*) die "unrecognized option '$1'" ;;
    *) break ;;
  esac
  shift
done

if [ "$program" = gpiodetect ]; then
  [ ! -e chip ] || echo "gpiochip0 [pinctrl-fake] ($LINES lines)"
  exit
fi
if [ "$major" = 1 ]; then chip=$1; shift; fi
case $chip in /dev/gpiochip0 | gpiochip0 | 0) ;; *) die "cannot find GPIO chip character device '$chip'" ;; esac
[ -e chip ] || die 'No such file or directory'

# Takes lines as this process.
take() {
  for offset; do
    user_of "$offset"
    [ -z "$user" ] || die 'unable to request lines: Device or resource busy'
  done
  for offset; do echo "$$ $consumer" > "held-$offset"; done
}

case $program in
  gpioinfo)
    echo "gpiochip0 - $LINES lines:"
    offset=0
    while [ $offset -lt $LINES ]; do
      name_of $offset
      user_of $offset
      if [ "$major" = 2 ]; then
        # 2.2 leaves the quotes out where the line has no name.
        quote='"'; [ "$name" != unnamed ] || quote=''
        user=${user:+ consumer=$quote$user$quote}
        printf '\tline %3u:\t%-16s\tinput%s\n' $offset "$name" "$user"
      elif [ -n "$user" ]; then
        printf '\tline %3u: %12s %12s   input  active-high [used]\n' $offset "$name" "\"$user\""
      else
        printf '\tline %3u: %12s %12s   input  active-high \n' $offset "$name" unused
      fi
      offset=$((offset + 1))
    done
    ;;

  gpioget)
    take "$@"
    levels=''
    for offset; do
      level_of "$offset"
      if [ "$major" = 2 ] && [ -z "$numeric" ]; then level="\"$offset\"=$level"; fi
      levels="$levels${levels:+ }$level"
    done
    for offset; do rm "held-$offset"; done
    echo "$levels"
    ;;

  gpiomon)
    mkfifo "events-$$"
    exec 3<> "events-$$"
    take "$@"
    while read -r offset level <&3; do
      [ "$offset" != gone ] || die 'error waiting for events: No such device'
      case " $* " in *" $offset "*) ;; *) continue ;; esac
      edge=falling number=$level
      [ "$level" = 0 ] || edge=rising
      case $format in
        '%o %e') [ "$major" = 1 ] || number=$((2 - level)); echo "$offset $number" ;;
        '%o %E') [ "$major" = 2 ] || edge=%E; echo "$offset $edge" ;;
      esac
    done
    ;;

  gpioset)
    [ ! -e broken ] || die 'it is broken'
    offsets=''
    for each; do offsets="$offsets ${each%=*}"; done
    take $offsets
    for each; do echo "${each#*=}" > "level-${each%=*}"; done
    if [ "$mode" = exit ]; then
      for offset in $offsets; do rm "held-$offset"; done
    elif [ -z "$interactive" ]; then
      [ "$major$mode" = 1signal ] || [ "$major" = 2 ] || die "invalid mode: $mode"
      exec sleep 100000
    fi
    printf 'gpioset> '
    while read -r command argument; do
      offset=${argument%=*}
      case " $offsets " in *" $offset "*) ;; *) echo "unknown line: '$offset'"; continue ;; esac
      case $command in
        get) level_of "$offset"; if [ "$level" = 1 ]; then echo "\"$offset\"=active"; else echo "\"$offset\"=inactive"; fi ;;
        set)
          echo "${argument#*=}" > "level-$offset"
          [ ! -e stuck ] || echo "gpioset: unable to set values on 'gpiochip0': No such device" >&2
          ;;
      esac
      printf 'gpioset> '
    done
    ;;
  *) exit 127 ;;
esac
